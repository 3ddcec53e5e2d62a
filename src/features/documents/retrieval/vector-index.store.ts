import { createHash } from 'node:crypto';
import { type RawBuilder, sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';

/** The vectors of one embedder, all of one length: only those are compared with each other. */
export type VectorSpace = { embedder: string; dimensions: number };

/** The most that pgvector can index, as halfvec. */
export const MAX_INDEXED_DIMENSIONS = 4_000;

/** Written into the statement, not sent as parameters: the planner must see that it is the index's own condition. */
export function inSpace({ embedder, dimensions }: VectorSpace): RawBuilder<boolean> {
  return sql<boolean>`embedding.embedder = ${sql.lit(embedder)} AND vector_dims(embedding.vector) = ${sql.lit(dimensions)}`;
}

/** The vector as it is indexed: in half precision, which halves the index and moves nobody out of the first hundred. */
export function halfVector(value: RawBuilder<unknown>, { dimensions }: VectorSpace): RawBuilder<unknown> {
  return sql`(${value}::halfvec(${sql.lit(dimensions)}))`;
}

/** Whether the space has `count` vectors or more. */
export async function hasVectors(trx: TenantTransaction, space: VectorSpace, count: number): Promise<boolean> {
  const { rows } = await sql<{ found: number }>`
    SELECT count(*) AS found FROM (
      SELECT FROM embedding WHERE embedder = ${space.embedder} LIMIT ${count}
    ) AS first_ones`.execute(trx);
  return (rows[0]?.found ?? 0) >= count;
}

export async function isIndexed(trx: TenantTransaction, space: VectorSpace): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    SELECT to_regclass(${indexName(space)}) IS NOT NULL AS found`.execute(trx);
  return rows[0]?.found ?? false;
}

/**
 * Builds the index: 20 s for 100,000 vectors of 384 dimensions, in which the tenant's searches go on and its ingestions
 * wait to store vectors.
 */
export async function buildVectorIndex(trx: TenantTransaction, space: VectorSpace): Promise<void> {
  await sql`SET LOCAL statement_timeout = 0`.execute(trx);
  await sql`SET LOCAL maintenance_work_mem = '256MB'`.execute(trx);
  await sql`
    CREATE INDEX IF NOT EXISTS ${sql.id(indexName(space))} ON embedding
    USING hnsw (${halfVector(sql.ref('vector'), space)} halfvec_cosine_ops)
    WHERE ${inSpace(space)}`.execute(trx);
}

/** Lets one query look on in the index until it has enough, however many of its hits a condition leaves out. */
export async function searchIndexDeeply(trx: TenantTransaction): Promise<void> {
  await sql`SET LOCAL hnsw.iterative_scan = relaxed_order`.execute(trx);
  await sql`SET LOCAL hnsw.ef_search = 100`.execute(trx);
}

function indexName({ embedder, dimensions }: VectorSpace): string {
  const digest = createHash('sha256').update(embedder).digest('hex').slice(0, 12);
  return `embedding_near_${digest}_${dimensions}`;
}
