import { sql } from 'kysely';
import type { TenantTransaction } from '../../platform/database/database.ts';
import { type Before, isBehind } from '../../platform/database/newest-first.ts';
import type { DocumentStatus } from '../../platform/database/schema/document-tables.ts';
import { noteCorpusChange } from './ingestion/chunk.store.ts';

/** Statuses that clients see; a document that is being received, or deleted, is not there for them. */
export type VisibleStatus = Exclude<DocumentStatus, 'receiving' | 'deleting'>;
const VISIBLE: readonly VisibleStatus[] = ['queued', 'processing', 'ready', 'failed'];

const COLUMNS = [
  'id',
  'source_id',
  'path',
  'title',
  'filename',
  'content_type',
  'size_bytes',
  'content_hash',
  'language',
  'status',
  'progress',
  'error',
  'warnings',
  'chunk_count',
  'page_count',
  'text_length',
  'metadata',
  'created_by',
  'created_at',
  'updated_at',
] as const;

export type DocumentRow = {
  id: string;
  source_id: string | null;
  path: string | null;
  title: string;
  filename: string | null;
  content_type: string;
  size_bytes: number;
  content_hash: string;
  language: string | null;
  status: VisibleStatus;
  progress: number;
  error: { code: string; detail: string } | null;
  warnings: string[];
  chunk_count: number;
  page_count: number | null;
  text_length: number | null;
  metadata: Record<string, unknown>;
  created_by: string | null;
  created_at: Date;
  updated_at: Date;
};

export type NewDocument = {
  id: string;
  sourceId: string | null;
  path: string | null;
  title: string;
  filename: string | null;
  contentType: string;
  metadata: Record<string, unknown>;
  createdBy: string | null;
  replaces: string | null;
};

/** A document whose original is still on its way; nobody sees it. */
export async function insertReceivingDocument(trx: TenantTransaction, document: NewDocument): Promise<void> {
  await trx
    .insertInto('document')
    .values({
      id: document.id,
      source_id: document.sourceId,
      path: document.path,
      title: document.title,
      filename: document.filename,
      content_type: document.contentType,
      size_bytes: 0,
      content_hash: '',
      status: 'receiving',
      metadata: JSON.stringify(document.metadata),
      created_by: document.createdBy,
      replaces: document.replaces,
    })
    .execute();
}

/** Those that are on their way count, those that are being deleted, and new versions of others, do not. */
export async function countDocuments(trx: TenantTransaction): Promise<number> {
  const row = await trx
    .selectFrom('document')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('status', '<>', 'deleting')
    .where('replaces', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Bytes of the originals that the tenant keeps: of documents and of attachments, announced ones too. */
export async function sumStoredBytes(trx: TenantTransaction): Promise<number> {
  const row = await trx
    .selectNoFrom(({ selectFrom }) => [
      selectFrom('document')
        .select(({ fn }) => fn.coalesce(fn.sum<number>('size_bytes'), sql<number>`0`).as('bytes'))
        .where('status', '<>', 'deleting')
        .as('documents'),
      selectFrom('attachment')
        .select(({ fn }) => fn.coalesce(fn.sum<number>('size_bytes'), sql<number>`0`).as('bytes'))
        .as('attachments'),
    ])
    .executeTakeFirstOrThrow();
  return Number(row.documents) + Number(row.attachments);
}

export type ReceivedFile = {
  sizeBytes: number;
  /** SHA-256, hex. */
  contentHash: string;
};

/** The original is complete: the document becomes visible, and waits to be ingested. */
export async function queueReceivedDocument(
  trx: TenantTransaction,
  id: string,
  file: ReceivedFile,
  change: { title: string; metadata: Record<string, unknown> },
): Promise<DocumentRow | undefined> {
  const row = await trx
    .updateTable('document')
    .set({
      status: 'queued',
      size_bytes: file.sizeBytes,
      content_hash: file.contentHash,
      title: change.title,
      metadata: JSON.stringify(change.metadata),
      updated_at: new Date(),
    })
    .where('id', '=', id)
    .where('status', '=', 'receiving')
    .returning(COLUMNS)
    .executeTakeFirst();
  return row as DocumentRow | undefined;
}

export async function findDocument(trx: TenantTransaction, id: string): Promise<DocumentRow | undefined> {
  const row = await trx
    .selectFrom('document')
    .select(COLUMNS)
    .where('id', '=', id)
    .where('status', 'in', VISIBLE)
    .executeTakeFirst();
  return row as DocumentRow | undefined;
}

export type DocumentPage = {
  limit: number;
  before: Before | null;
  status?: VisibleStatus | undefined;
  sourceId?: string | undefined;
};

/** Newest first, from behind `before` on. */
export async function listDocuments(trx: TenantTransaction, page: DocumentPage): Promise<DocumentRow[]> {
  const { before, status, sourceId } = page;
  const rows = await trx
    .selectFrom('document')
    .select(COLUMNS)
    .where('status', 'in', status ? [status] : VISIBLE)
    .$if(sourceId !== undefined, (query) => query.where('source_id', '=', sourceId ?? null))
    .where(isBehind(before))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit)
    .execute();
  return rows as DocumentRow[];
}

/** Takes documents out of everybody's sight; what is left of them is removed by a job. Returns how many there were. */
export async function markDeleting(trx: TenantTransaction, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const { numUpdatedRows } = await trx
    .updateTable('document')
    .set({ status: 'deleting', updated_at: new Date() })
    .where(sql<boolean>`id = ANY(${ids}::uuid[])`)
    .where('status', '<>', 'deleting')
    .executeTakeFirst();
  await noteCorpusChange(trx, ids);
  return Number(numUpdatedRows);
}

/** Without progress for this time, nobody works on a document any more: its job was lost. */
const STALLED_MS = 3_600_000;

/** A failed document, or one that nobody works on, waits again, with its tries counted from the start. */
export async function requeueDocument(trx: TenantTransaction, id: string, now: Date): Promise<DocumentRow | undefined> {
  const row = await trx
    .updateTable('document')
    .set({ status: 'queued', progress: 0, error: null, tries: 0, updated_at: new Date() })
    .where('id', '=', id)
    .where((eb) =>
      eb.or([
        eb('status', '=', 'failed'),
        eb.and([
          eb('status', 'in', ['queued', 'processing']),
          eb('updated_at', '<', new Date(now.getTime() - STALLED_MS)),
        ]),
      ]),
    )
    .returning(COLUMNS)
    .executeTakeFirst();
  return row as DocumentRow | undefined;
}

export type ChunkRow = {
  id: string;
  document_id: string;
  title: string;
  index: number;
  text: string;
  start_offset: number;
  end_offset: number;
  heading_path: string[];
  page_start: number | null;
  metadata: Record<string, unknown>;
};

/** A chunk of a ready document. */
export async function findChunk(trx: TenantTransaction, id: string): Promise<ChunkRow | undefined> {
  return trx
    .selectFrom('chunk')
    .innerJoin('document', 'document.id', 'chunk.document_id')
    .select([
      'chunk.id',
      'chunk.document_id',
      'document.title',
      'chunk.index',
      'chunk.text',
      'chunk.start_offset',
      'chunk.end_offset',
      'chunk.heading_path',
      'chunk.page_start',
      'document.metadata',
    ])
    .where('chunk.id', '=', id)
    .where('document.status', '=', 'ready')
    .executeTakeFirst();
}
