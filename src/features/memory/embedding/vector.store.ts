import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { vectorText } from '../../../platform/database/vector-text.ts';

export type Unembedded = { number: number; content: string; content_hash: Buffer; embedding_attempts: number };

/** Memories without a vector of this embedder, behind `after`; refused texts are left alone unless their embedder changed. */
export async function findUnembedded(
  trx: TenantTransaction,
  embedder: string,
  { after, limit }: { after: number; limit: number },
): Promise<Unembedded[]> {
  const { rows } = await sql<Unembedded>`
    SELECT number, content, content_hash, embedding_attempts FROM memory
    WHERE number > ${after} AND embedding_status <> 'completed'
      AND NOT (embedding_status = 'failed' AND embedder IS NOT DISTINCT FROM ${embedder})
    ORDER BY number
    LIMIT ${limit}`.execute(trx);
  return rows;
}

/** Stores vectors by what they are of, and marks every memory with these words as embedded. */
export async function saveVectors(
  trx: TenantTransaction,
  embedder: string,
  vectors: readonly { contentHash: Buffer; vector: readonly number[] }[],
): Promise<void> {
  await sql`
    WITH made AS (
      INSERT INTO memory_embedding (embedder, content_hash, vector)
      SELECT ${embedder}, made.content_hash, made.vector::vector
      FROM unnest(${vectors.map(({ contentHash }) => contentHash)}::bytea[],
        ${vectors.map(({ vector }) => vectorText(vector))}::text[]) AS made (content_hash, vector)
      -- A memory that was forgotten meanwhile leaves no vector behind.
      WHERE EXISTS (SELECT FROM memory WHERE memory.content_hash = made.content_hash)
      ON CONFLICT DO NOTHING
    ), completed AS (
      UPDATE memory SET embedding_status = 'completed', embedder = ${embedder}, embedding_error = NULL, updated_at = now()
      WHERE content_hash = ANY(${vectors.map(({ contentHash }) => contentHash)}::bytea[])
        AND embedding_status <> 'completed'
      RETURNING space_id, language
    )
    -- Searches by meaning find them from now on.
    INSERT INTO memory_corpus_change (space_id, language, memory_count, word_count)
    SELECT DISTINCT space_id, language, 0, 0 FROM completed`.execute(trx);
}

export type Fault = { code: string; detail: string };

/**
 * Notes a try that gave no vector. `refusedBy` names the embedder that does not take the text: such a memory is not tried
 * with it again. Others become `failed` for all to see after `mostAttempts` tries, and are tried on all the same.
 */
export async function noteFault(
  trx: TenantTransaction,
  numbers: readonly number[],
  fault: Fault,
  { refusedBy, mostAttempts }: { refusedBy: string | null; mostAttempts: number },
): Promise<void> {
  await sql`
    UPDATE memory SET
      embedding_attempts = least(embedding_attempts + 1, 1000),
      embedding_status = CASE
        WHEN ${refusedBy}::text IS NOT NULL OR embedding_attempts + 1 >= ${mostAttempts} THEN 'failed' ELSE 'pending' END,
      embedder = ${refusedBy}::text,
      embedding_error = ${JSON.stringify(fault)}::jsonb,
      updated_at = now()
    WHERE number = ANY(${numbers}::bigint[]) AND embedding_status <> 'completed'`.execute(trx);
}

/** Whether a memory waits for a vector of this embedder. */
export async function hasUnembedded(trx: TenantTransaction, embedder: string): Promise<boolean> {
  return (await findUnembedded(trx, embedder, { after: 0, limit: 1 })).length > 0;
}

/** Memories behind `after` whose text this embedder has no vector of and has not refused, whatever their own state says. */
export async function findWithoutVector(
  trx: TenantTransaction,
  embedder: string,
  { after, limit }: { after: number; limit: number },
): Promise<Pick<Unembedded, 'number' | 'content' | 'content_hash'>[]> {
  const { rows } = await sql<Unembedded>`
    SELECT number, content, content_hash FROM memory
    WHERE number > ${after}
      AND NOT EXISTS (
        SELECT FROM memory_embedding AS made WHERE made.embedder = ${embedder} AND made.content_hash = memory.content_hash)
      AND NOT EXISTS (
        SELECT FROM embedding_refusal AS refusal WHERE refusal.area = 'memory' AND refusal.embedder = ${embedder}
          AND refusal.content_hash = memory.content_hash)
    ORDER BY number LIMIT ${limit}`.execute(trx);
  return rows;
}

/** Stores vectors of texts that are still there, and leaves the state of their memories alone. */
export async function keepVectors(
  trx: TenantTransaction,
  embedder: string,
  vectors: readonly { contentHash: Buffer; vector: readonly number[] }[],
): Promise<void> {
  await sql`
    INSERT INTO memory_embedding (embedder, content_hash, vector)
    SELECT ${embedder}, made.content_hash, made.vector::vector
    FROM unnest(${vectors.map(({ contentHash }) => contentHash)}::bytea[],
      ${vectors.map(({ vector }) => vectorText(vector))}::text[]) AS made (content_hash, vector)
    WHERE EXISTS (SELECT FROM memory WHERE memory.content_hash = made.content_hash)
    ON CONFLICT DO NOTHING`.execute(trx);
}

/** Different texts, and how many of them this embedder has a vector of. */
export async function countVectors(
  trx: TenantTransaction,
  embedder: string,
): Promise<{ total: number; embedded: number }> {
  const { rows } = await sql<{ total: number; embedded: number }>`
    SELECT count(*) AS total, count(made.content_hash) AS embedded
    FROM (SELECT DISTINCT content_hash FROM memory) AS text
    LEFT JOIN memory_embedding AS made ON made.embedder = ${embedder} AND made.content_hash = text.content_hash`.execute(
    trx,
  );
  return { total: Number(rows[0]?.total ?? 0), embedded: Number(rows[0]?.embedded ?? 0) };
}
