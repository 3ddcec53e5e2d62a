import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { IngestionFault } from '../documents.errors.ts';
import { PART_BYTES } from '../original.store.ts';

export type AttachmentRow = {
  id: string;
  user_id: string;
  session_id: string | null;
  name: string;
  content_type: string;
  size_bytes: number;
  status: 'expected' | 'ready';
  fault: IngestionFault | null;
};

/** A piece of an attachment's text. */
export type AttachmentChunk = {
  id: string;
  attachment_id: string;
  index: number;
  start_offset: number;
  heading_path: string[];
  page: number | null;
  text: string;
};

const COLUMNS = ['id', 'user_id', 'session_id', 'name', 'content_type', 'size_bytes', 'status', 'fault'] as const;
/** Chunks in one statement: some 2 MB. */
const CHUNKS_PER_INSERT = 1_000;

export type NewAttachment = {
  id: string;
  userId: string;
  name: string;
  contentType: string;
  sizeBytes: number;
};

export async function insertAttachment(trx: TenantTransaction, attachment: NewAttachment): Promise<AttachmentRow> {
  const { id, userId, name, contentType, sizeBytes } = attachment;
  const row = await trx
    .insertInto('attachment')
    .values({ id, user_id: userId, name, content_type: contentType, size_bytes: sizeBytes, status: 'expected' })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  return row as AttachmentRow;
}

export async function findAttachments(trx: TenantTransaction, ids: readonly string[]): Promise<AttachmentRow[]> {
  if (ids.length === 0) return [];
  const rows = await trx
    .selectFrom('attachment')
    .select(COLUMNS)
    .where('id', 'in', [...ids])
    .execute();
  return rows as AttachmentRow[];
}

/** Fills an attachment whose bytes have not come before. Undefined: they have, or it is gone. */
export async function fillAttachment(
  trx: TenantTransaction,
  id: string,
  { bytes, fault }: { bytes: Buffer; fault: IngestionFault | null },
): Promise<AttachmentRow | undefined> {
  const row = await trx
    .updateTable('attachment')
    .set({ status: 'ready', size_bytes: bytes.length, fault: fault && JSON.stringify(fault) })
    .where('id', '=', id)
    .where('status', '=', 'expected')
    .returning(COLUMNS)
    .executeTakeFirst();
  if (!row) return undefined;
  for (let part = 0; part * PART_BYTES < bytes.length; part += 1) {
    const block = bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
    await trx.insertInto('attachment_file').values({ attachment_id: id, part, bytes: block }).execute();
  }
  return row as AttachmentRow;
}

export async function insertAttachmentChunks(
  trx: TenantTransaction,
  chunks: readonly AttachmentChunk[],
): Promise<void> {
  for (let start = 0; start < chunks.length; start += CHUNKS_PER_INSERT) {
    await trx
      .insertInto('attachment_chunk')
      .values(chunks.slice(start, start + CHUNKS_PER_INSERT))
      .execute();
  }
}

/** Gives attachments of a user to a session, where they belong to none or to this one. Returns how many it has now. */
export async function assignAttachments(
  trx: TenantTransaction,
  { ids, userId, sessionId }: { ids: readonly string[]; userId: string; sessionId: string },
): Promise<number> {
  const { numUpdatedRows } = await trx
    .updateTable('attachment')
    .set({ session_id: sessionId })
    .where('id', 'in', [...ids])
    .where('user_id', '=', userId)
    .where((eb) => eb.or([eb('session_id', 'is', null), eb('session_id', '=', sessionId)]))
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

export async function deleteAttachment(trx: TenantTransaction, id: string): Promise<void> {
  await trx.deleteFrom('attachment').where('id', '=', id).execute();
}

/** Deletes attachments that no message came to carry. Returns how many. */
export async function deleteUnusedAttachments(trx: TenantTransaction, before: Date, limit: number): Promise<number> {
  const { numDeletedRows } = await trx
    .deleteFrom('attachment')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('attachment')
        .select('id')
        .where('session_id', 'is', null)
        .where('created_at', '<', before)
        .limit(limit),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}

export async function readAttachmentBytes(trx: TenantTransaction, id: string): Promise<Buffer> {
  const parts = await trx
    .selectFrom('attachment_file')
    .select('bytes')
    .where('attachment_id', '=', id)
    .orderBy('part')
    .execute();
  return Buffer.concat(parts.map(({ bytes }) => bytes));
}

export type AttachmentText = AttachmentChunk & { name: string };

/** The text of a session's attachments, of those that are named, in the order of the files' names and texts. */
export async function readAttachmentTexts(
  trx: TenantTransaction,
  sessionId: string,
  ids: readonly string[],
): Promise<AttachmentText[]> {
  return trx
    .selectFrom('attachment_chunk as chunk')
    .innerJoin('attachment', 'attachment.id', 'chunk.attachment_id')
    .select([
      'chunk.id',
      'chunk.attachment_id',
      'chunk.index',
      'chunk.start_offset',
      'chunk.heading_path',
      'chunk.page',
      'chunk.text',
      'attachment.name',
    ])
    .where('attachment.session_id', '=', sessionId)
    .where('attachment.id', 'in', [...ids])
    .orderBy('chunk.attachment_id')
    .orderBy('chunk.index')
    .execute();
}
