import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';

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

/** Chunks of ready documents, in no order. */
export async function findHits(trx: TenantTransaction, ids: readonly string[]): Promise<HitRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<HitRow>`
    SELECT chunk.id, chunk.number, chunk.document_id, document.source_id, document.title, chunk.index, chunk.text,
      chunk.start_offset, chunk.end_offset, chunk.heading_path, chunk.page_start, chunk.content_hash, document.metadata
    FROM chunk
    JOIN document ON document.id = chunk.document_id AND document.status = 'ready'
    WHERE chunk.id = ANY(${ids}::uuid[])`.execute(trx);
  return rows;
}
