import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { ApiError } from '../../../platform/http/errors.ts';
import { newId } from '../../../platform/id.ts';
import { type Forgetting, noQuotas, type Tenant } from '../../tenancy/index.ts';
import { beginDocument, documentQuotasOf, takeStorage } from '../document-quotas.ts';
import { faultOf, type IngestionFault } from '../documents.errors.ts';
import { findDocument, queueReceivedDocument, requeueDocument } from '../documents.store.ts';
import { ingestDocument } from '../ingestion/ingest-document.ts';
import type { IngestionDependencies, InTenant } from '../ingestion/ingestion.types.ts';
import { retireDocuments } from '../ingestion/purge-documents.ts';
import { receiveOriginal } from '../receive-original.ts';
import type { SourceDocument } from '../sources.store.ts';
import { type FilePlan, planFile } from './plan-file.ts';
import { type FolderFile, mediaTypeOf } from './walk-folder.ts';

export type FileIngestion = IngestionDependencies & {
  tenant: Tenant;
  userId: string | null;
  sourceId: string;
  inTenant: InTenant;
  uploadLimit: number;
  signal: AbortSignal;
  forgetting: Pick<Forgetting, 'entomb'>;
};

export type FileResult = { outcome: 'ready' | 'unchanged' | 'failed'; fault: IngestionFault | null };

/** Brings one file of a folder to its end. Whatever is wrong with it is in the result; only an abort throws. */
export async function ingestFile(
  ingestion: FileIngestion,
  file: FolderFile,
  known: readonly SourceDocument[],
): Promise<FileResult> {
  const { tenant, inTenant, signal } = ingestion;
  try {
    const plan = planFile(await hashFile(file.absolutePath), known);
    if (plan.kind === 'keep') return resultOf('unchanged', plan.document.error);
    const id = plan.kind === 'add' ? await addFile(ingestion, file, plan) : await resume(ingestion, plan.document);
    await ingestDocument(ingestion, tenant, id, { signal, lastTry: true });
    const row = await inTenant((trx) => findDocument(trx, id));
    return resultOf('ready', row?.error ?? null);
  } catch (error) {
    signal.throwIfAborted();
    return resultOf('failed', faultOfFile(ingestion, file, error));
  }
}

function resultOf(outcome: FileResult['outcome'], fault: IngestionFault | null): FileResult {
  return { outcome: fault === null ? outcome : 'failed', fault };
}

/** Stores a file as a document that waits to be ingested. */
async function addFile(
  { inTenant, queue, tenant, userId, sourceId, uploadLimit, quotaOf }: FileIngestion,
  file: FolderFile,
  { replaces, retire }: Extract<FilePlan, { kind: 'add' }>,
): Promise<string> {
  const id = newId();
  const title = basename(file.path);
  const document = {
    ...{ id, sourceId, title, replaces },
    path: file.path,
    filename: title,
    contentType: mediaTypeOf(file.path),
    metadata: {},
    createdBy: userId,
  };
  const quotas = await documentQuotasOf(quotaOf ?? noQuotas, tenant);
  await inTenant((trx) => beginDocument(trx, quotas, document));
  try {
    const options = { documentId: id, filename: title, maxBytes: uploadLimit };
    const stored = await withFile(file.absolutePath, (bytes) => receiveOriginal(inTenant, bytes, options));
    await inTenant(async (trx) => {
      await takeStorage(trx, quotas.storage, stored.sizeBytes);
      await queueReceivedDocument(trx, id, stored, { title, metadata: {} });
      await retireDocuments(trx, queue, tenant, retire);
    });
    return id;
  } catch (error) {
    await inTenant((trx) => retireDocuments(trx, queue, tenant, [id]));
    throw error;
  }
}

async function resume({ inTenant, clock }: FileIngestion, { id, status }: SourceDocument): Promise<string> {
  if (status === 'failed') await inTenant((trx) => requeueDocument(trx, id, clock.now()));
  return id;
}

async function hashFile(path: string): Promise<string> {
  return withFile(path, async (bytes) => {
    const hash = createHash('sha256');
    for await (const block of bytes) hash.update(block);
    return hash.digest('hex');
  });
}

/** Opens a file that must still not be a symbolic link, reads it as a stream, and closes it. */
async function withFile<T>(path: string, read: (bytes: AsyncIterable<Buffer>) => Promise<T>): Promise<T> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return await read(handle.createReadStream({ autoClose: false, highWaterMark: READ_BYTES }));
  } finally {
    await handle.close();
  }
}

const READ_BYTES = 1024 * 1024;

function faultOfFile({ log }: FileIngestion, { path }: FolderFile, error: unknown): IngestionFault {
  if (error instanceof ApiError) return { code: error.definition.code, detail: error.message };
  log.warn({ err: error, path }, 'a file of a folder could not be ingested');
  return faultOf('unreadable', 'This file could not be read. Check that it is there and may be read.');
}
