import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { type DocumentFilter, matchesFilter } from './filter.store.ts';

export type HitRow = {
  id: string;
  number: number;
  document_id: string;
  source_id: string | null;
  title: string;
  index: number;
  text: string;
  start_offset: number;
  end_offset: number;
  heading_path: string[];
  page_start: number | null;
  content_hash: Buffer;
  metadata: Record<string, unknown>;
};

const COLUMNS = sql`
  chunk.id, chunk.number, chunk.document_id, document.source_id, document.title, chunk.index, chunk.text,
  chunk.start_offset, chunk.end_offset, chunk.heading_path, chunk.page_start, chunk.content_hash, document.metadata`;

/** Chunks of ready documents, in no order. */
export async function findHits(trx: TenantTransaction, ids: readonly string[]): Promise<HitRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<HitRow>`
    SELECT ${COLUMNS} FROM chunk
    JOIN document ON document.id = chunk.document_id AND document.status = 'ready'
    WHERE chunk.id = ANY(${ids}::uuid[])`.execute(trx);
  return rows;
}

/** The beginnings of the newest documents that match, about as much of each: `limit` chunks at most. */
export async function findLeadingHits(
  trx: TenantTransaction,
  filter: DocumentFilter,
  limit: number,
): Promise<HitRow[]> {
  const { rows } = await sql<HitRow>`
    WITH newest AS (
      SELECT document.id, document.created_at FROM document
      WHERE ${matchesFilter(filter)}
      ORDER BY document.created_at DESC, document.id DESC
      LIMIT ${limit}
    ),
    beginning AS (
      SELECT chunk.id, chunk.index, newest.created_at
      FROM newest
      JOIN chunk ON chunk.document_id = newest.id AND chunk.index < ${limit}
      ORDER BY chunk.index, newest.created_at DESC, newest.id DESC
      LIMIT ${limit}
    )
    SELECT ${COLUMNS}
    FROM beginning
    JOIN chunk ON chunk.id = beginning.id
    JOIN document ON document.id = chunk.document_id
    ORDER BY beginning.created_at DESC, chunk.document_id DESC, chunk.index`.execute(trx);
  return rows;
}
