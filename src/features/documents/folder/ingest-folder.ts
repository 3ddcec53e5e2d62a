import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { newId } from '../../../platform/id.ts';
import { inTenant as enterTenant, type Forgetting, type Tenant } from '../../tenancy/index.ts';
import { faultOf, type IngestionFault } from '../documents.errors.ts';
import type { IngestionDependencies, InTenant } from '../ingestion/ingestion.types.ts';
import { purgeDocuments, retireDocuments } from '../ingestion/purge-documents.ts';
import { ensureSource, listSourceDocuments, type SourceDocument, setSynchronized } from '../sources.store.ts';
import { type FileIngestion, type FileResult, ingestFile } from './ingest-file.ts';
import { type FolderFile, walkFolder } from './walk-folder.ts';

export type FolderContext = {
  tenant: Tenant;
  userId: string | null;
  signal: AbortSignal;
  /** Whether a folder without any document may take all with it that was read from there; left out: it may not. */
  allowEmpty?: boolean;
};

export type FolderProgress = FileResult & { path: string; done: number; total: number };

export type FolderReport = {
  sourceId: string;
  ready: number;
  unchanged: number;
  removed: number;
  /** What was read from there before and is kept, because the folder has nothing any more: it may not be mounted. */
  kept: number;
  failed: readonly ({ path: string } & IngestionFault)[];
};

export type FolderDependencies = IngestionDependencies & {
  uploadLimit: number;
  ingestionConcurrency: number;
  forgetting: Pick<Forgetting, 'entomb'>;
};

/**
 * Makes a tenant's documents what a folder holds: new and changed files are ingested, a changed one staying searchable in
 * its old version until the new one is ready, and removed ones go. A file that cannot be read fails alone, and so does a
 * folder below: what was read of it before stays, for nothing says that it is gone. Nor does a folder without any document,
 * unless the caller does.
 * Works here and now, not by jobs. @throws when the folder itself cannot be read
 */
export async function ingestFolder(
  deps: FolderDependencies,
  { tenant, userId, signal, allowEmpty = false }: FolderContext,
  folder: string,
  onProgress: (progress: FolderProgress) => void = () => undefined,
): Promise<FolderReport> {
  const inTenant: InTenant = (work) => enterTenant(deps.database, tenant, work);
  const unreadable: string[] = [];
  const files = await Array.fromAsync(walkFolder(folder, (path) => unreadable.push(path)));
  const location = await realpath(folder);
  const source = { id: newId(), kind: 'folder' as const, name: basename(location), location, createdBy: userId };
  const sourceId = await inTenant((trx) => ensureSource(trx, source));
  const known = Map.groupBy(await inTenant((trx) => listSourceDocuments(trx, sourceId)), ({ path }) => path);
  const ingestion = { ...deps, tenant, userId, signal, inTenant, sourceId };
  const report = await ingestFiles(ingestion, deps.ingestionConcurrency, files, known, onProgress);
  const kept = files.length === 0 && !allowEmpty ? known.size : 0;
  const removed = kept > 0 ? 0 : await removeMissing(ingestion, known, files, unreadable);
  return { sourceId, removed, kept, ...report, failed: [...unreadable.map(unreadFolder), ...report.failed] };
}

function unreadFolder(path: string): FolderReport['failed'][number] {
  return {
    path,
    ...faultOf(
      'unreadable',
      'This folder could not be read; what was read of it before is kept. Check that it may be read.',
    ),
  };
}

type Known = ReadonlyMap<string, readonly SourceDocument[]>;

async function ingestFiles(
  ingestion: FileIngestion,
  concurrency: number,
  files: readonly FolderFile[],
  known: Known,
  onProgress: (progress: FolderProgress) => void,
): Promise<Pick<FolderReport, 'ready' | 'unchanged' | 'failed'>> {
  const failed: FolderReport['failed'][number][] = [];
  const counts = { ready: 0, unchanged: 0, failed: 0 };
  const waiting = files.values();
  const worker = async () => {
    for (const file of waiting) {
      ingestion.signal.throwIfAborted();
      const result = await ingestFile(ingestion, file, known.get(file.path) ?? []);
      counts[result.outcome] += 1;
      if (result.fault) failed.push({ path: file.path, ...result.fault });
      const done = counts.ready + counts.unchanged + counts.failed;
      onProgress({ ...result, path: file.path, done, total: files.length });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { ready: counts.ready, unchanged: counts.unchanged, failed };
}

/** Retires the documents of files that are gone, and leaves nothing of what this run has retired. */
async function removeMissing(
  ingestion: FileIngestion,
  known: Known,
  files: readonly FolderFile[],
  unreadable: readonly string[],
): Promise<number> {
  const { inTenant, queue, tenant, sourceId, clock, signal } = ingestion;
  const present = new Set(files.map(({ path }) => path));
  const mayBeThere = (path: string) => present.has(path) || unreadable.some((folder) => path.startsWith(`${folder}/`));
  const gone = [...known].filter(([path]) => !mayBeThere(path)).flatMap(([, documents]) => documents);
  await inTenant(async (trx) => {
    const ids = gone.map(({ id }) => id);
    await retireDocuments(trx, queue, tenant, ids);
    await ingestion.forgetting.entomb(trx, tenant, { kind: 'document', ids });
    await setSynchronized(trx, sourceId, clock.now());
  });
  await purgeDocuments(ingestion, tenant, signal);
  return new Set(gone.map(({ path }) => path)).size;
}
