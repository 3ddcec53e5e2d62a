import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';

export type StatsRow = {
  memories: number;
  facts: number;
  noise: number;
  noise_share: number;
  noise_by_reason: Record<string, number>;
  duplicates: number;
  embedding: { pending: number; completed: number; failed: number };
};

export async function readStats(
  trx: TenantTransaction,
  owner: { userId: string | null; subject: string },
): Promise<StatsRow> {
  const { rows } = await sql<Omit<StatsRow, 'noise_share'>>`
    WITH space AS (
      SELECT id FROM memory_space WHERE user_id IS NOT DISTINCT FROM ${owner.userId}::uuid AND subject = ${owner.subject}
    ), own AS (
      SELECT noise, content_hash, embedding_status FROM memory
      WHERE space_id IN (SELECT id FROM space) AND superseded_by IS NULL
    )
    SELECT count(*) AS memories, count(noise) AS noise,
      (SELECT count(*) FROM memory_fact WHERE space_id IN (SELECT id FROM space) AND valid_to IS NULL) AS facts,
      count(*) - count(DISTINCT content_hash) AS duplicates,
      json_build_object(
        'pending', count(*) FILTER (WHERE embedding_status = 'pending'),
        'completed', count(*) FILTER (WHERE embedding_status = 'completed'),
        'failed', count(*) FILTER (WHERE embedding_status = 'failed')
      ) AS embedding,
      coalesce((
        SELECT json_object_agg(noise, found)
        FROM (SELECT noise, count(*) AS found FROM own WHERE noise IS NOT NULL GROUP BY noise) AS reason
      ), '{}') AS noise_by_reason
    FROM own`.execute(trx);
  const [row] = rows;
  if (!row) throw new Error('A count without a group gave no row.');
  return { ...row, noise_share: row.memories === 0 ? 0 : row.noise / row.memories };
}
