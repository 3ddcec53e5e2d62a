import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { IngestionFault } from '../documents.errors.ts';
import { noteCorpusChange } from './chunk.store.ts';

export type ClaimedDocument = {
  id: string;
  title: string;
  filename: string | null;
  content_type: string;
  size_bytes: number;
  attempt: number;
  tries: number;
  replaces: string | null;
  created_by: string | null;
};

/** Starts a try on a document that waits, or whose last try was cut off. Every earlier try can write no more. */
export async function claimDocument(trx: TenantTransaction, id: string): Promise<ClaimedDocument | undefined> {
  return trx
    .updateTable('document')
    .set((eb) => ({
      status: 'processing',
      progress: 0,
      error: null,
      attempt: eb('attempt', '+', 1),
      tries: eb('tries', '+', 1),
      updated_at: new Date(),
    }))
    .where('id', '=', id)
    .where('status', 'in', ['queued', 'processing'])
    .returning(['id', 'title', 'filename', 'content_type', 'size_bytes', 'attempt', 'tries', 'replaces', 'created_by'])
    .executeTakeFirst();
}

/** A try at a document; its writes are refused once the document was deleted or another try began. */
export type Try = { id: string; attempt: number };

/** Thrown out of a try that is no longer the document's: deleted, or taken over by another worker. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
}

type Progress = {
  progress: number;
  language?: string;
  title?: string;
  pageCount?: number | null;
  textLength?: number;
  warnings?: readonly string[];
};

/**
 * Notes how far a try has come. To be called first in each of its transactions: it locks the document's row, so that a
 * deletion waits for the transaction, or refuses it.
 * @throws Superseded
 */
export async function advance(trx: TenantTransaction, { id, attempt }: Try, change: Progress): Promise<void> {
  const { progress, language, title, pageCount, textLength, warnings } = change;
  const { numUpdatedRows } = await trx
    .updateTable('document')
    .set({
      progress,
      updated_at: new Date(),
      ...(language !== undefined && { language }),
      ...(title !== undefined && { title }),
      ...(pageCount !== undefined && { page_count: pageCount }),
      ...(textLength !== undefined && { text_length: textLength }),
      ...(warnings !== undefined && { warnings: JSON.stringify(warnings) }),
    })
    .where('id', '=', id)
    .where('status', '=', 'processing')
    .where('attempt', '=', attempt)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new Superseded();
}

/** Widens the range in which all the document's chunks have their numbers. */
export async function widenChunkRange(
  trx: TenantTransaction,
  id: string,
  range: { first: number; last: number },
): Promise<void> {
  await sql`
    UPDATE document
    SET first_chunk = least(first_chunk, ${range.first}), last_chunk = greatest(last_chunk, ${range.last})
    WHERE id = ${id}`.execute(trx);
}

/** @throws Superseded */
export async function finishDocument(trx: TenantTransaction, { id, attempt }: Try, chunkCount: number): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('document')
    .set({ status: 'ready', progress: 1, chunk_count: chunkCount, replaces: null, updated_at: new Date() })
    .where('id', '=', id)
    .where('status', '=', 'processing')
    .where('attempt', '=', attempt)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new Superseded();
  await noteCorpusChange(trx, [id]);
}

export async function failDocument(trx: TenantTransaction, one: Try, fault: IngestionFault): Promise<void> {
  await endTry(trx, one, { status: 'failed', error: JSON.stringify(fault) });
}

/** Lets the document wait for its next try. */
export async function releaseDocument(trx: TenantTransaction, one: Try): Promise<void> {
  await endTry(trx, one, { status: 'queued', error: null });
}

async function endTry(
  trx: TenantTransaction,
  { id, attempt }: Try,
  change: { status: 'failed' | 'queued'; error: string | null },
): Promise<void> {
  await trx
    .updateTable('document')
    .set({ ...change, updated_at: new Date() })
    .where('id', '=', id)
    .where('status', '=', 'processing')
    .where('attempt', '=', attempt)
    .execute();
}
