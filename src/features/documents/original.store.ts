import { sql } from 'kysely';
import type { TenantTransaction } from '../../platform/database/database.ts';

/** Bytes of one part of an original. */
export const PART_BYTES = 1024 * 1024;

export async function insertPart(
  trx: TenantTransaction,
  documentId: string,
  part: number,
  bytes: Buffer,
): Promise<void> {
  await trx.insertInto('document_file').values({ document_id: documentId, part, bytes }).execute();
}

/** A part of an original; undefined behind its end. */
export async function findPart(trx: TenantTransaction, documentId: string, part: number): Promise<Buffer | undefined> {
  const row = await trx
    .selectFrom('document_file')
    .select('bytes')
    .where('document_id', '=', documentId)
    .where('part', '=', part)
    .executeTakeFirst();
  return row?.bytes;
}

/** UTF-16 units of one stretch of extracted text. */
export const STRETCH_LENGTH = 32_768;

export type Stretch = { start: number; text: string };

/** Cuts a text into stretches, never inside a surrogate pair. */
export function stretchesOf(text: string): Stretch[] {
  const stretches: Stretch[] = [];
  for (let start = 0; start < text.length; ) {
    const end = Math.min(text.length, start + STRETCH_LENGTH);
    const cutsPair = end < text.length && isHighSurrogate(text.charCodeAt(end - 1));
    const stretch = text.slice(start, cutsPair ? end - 1 : end);
    stretches.push({ start, text: stretch });
    start += stretch.length;
  }
  return stretches;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

export async function insertStretches(
  trx: TenantTransaction,
  documentId: string,
  stretches: readonly Stretch[],
): Promise<void> {
  if (stretches.length === 0) return;
  const values = stretches.map(({ start, text }) => ({ document_id: documentId, start_offset: start, text }));
  await trx.insertInto('document_text').values(values).execute();
}

export async function deleteText(trx: TenantTransaction, documentId: string): Promise<void> {
  await trx.deleteFrom('document_text').where('document_id', '=', documentId).execute();
}

/** The text from `start` to `end`, UTF-16 offsets. */
export async function readText(
  trx: TenantTransaction,
  documentId: string,
  start: number,
  end: number,
): Promise<string> {
  const rows = await trx
    .selectFrom('document_text')
    .select(['start_offset', 'text'])
    .where('document_id', '=', documentId)
    .where('start_offset', '>', start - STRETCH_LENGTH)
    .where('start_offset', '<', end)
    .orderBy('start_offset')
    .execute();
  const [first] = rows;
  if (!first) return '';
  const text = rows.map((row) => row.text).join('');
  return text.slice(Math.max(0, start - first.start_offset), end - first.start_offset);
}

/** Removes up to `limit` parts of an original. Returns how many there were. */
export async function deleteParts(trx: TenantTransaction, documentId: string, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    DELETE FROM document_file WHERE document_id = ${documentId} AND part IN (
      SELECT part FROM document_file WHERE document_id = ${documentId} LIMIT ${limit}
    )`.execute(trx);
  return Number(numAffectedRows ?? 0);
}
