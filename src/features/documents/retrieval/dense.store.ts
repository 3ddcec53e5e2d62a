import { sql } from 'kysely';
import type { DatabaseKind, TenantTransaction } from '../../../platform/database/database.ts';
import { vectorText } from '../../../platform/database/vector-text.ts';
import { type DocumentFilter, matchesFilter } from './filter.store.ts';
import type { ScoredChunk, Scoring } from './lexical.store.ts';
import { halfVector, inSpace, isIndexed, searchIndexDeeply, type VectorSpace } from './vector-index.store.ts';

export type DenseQuery = { embedder: string; vector: readonly number[]; filter: DocumentFilter; hits: number };

const spaceOf = ({ embedder, vector }: DenseQuery): VectorSpace => ({ embedder, dimensions: vector.length });

/**
 * The chunks nearest to a vector, out of the `pool` nearest texts. The score is the cosine. All vectors of the embedder are
 * compared (50,000 of 384 dimensions: 35 ms on a server), unless there is an index: it gives the pool (17 ms, and the same
 * first ten), and exact cosines its order.
 */
export async function findNearest(
  trx: TenantTransaction,
  kind: DatabaseKind,
  query: DenseQuery,
  pool: number,
): Promise<Scoring> {
  const space = spaceOf(query);
  const near = sql`${vectorText(query.vector)}::vector(${sql.lit(space.dimensions)})`;
  const hasIndex = kind === 'server' && (await isIndexed(trx, space));
  const vector = sql.ref('embedding.vector');
  // Half precision only where it is precomputed: to convert each vector takes five times as long as to compare it.
  const roughly = hasIndex
    ? sql`${halfVector(vector, space)} <=> ${halfVector(near, space)}`
    : sql`${vector} <=> ${near}`;
  if (hasIndex) await searchIndexDeeply(trx);
  const { rows } = await sql<(ScoredChunk | { id: null }) & { candidates: number }>`
    WITH candidate AS MATERIALIZED (
      SELECT content_hash, vector FROM embedding
      WHERE ${inSpace(space)}
      ORDER BY ${roughly}
      LIMIT ${pool}
    ),
    nearest AS MATERIALIZED (SELECT content_hash, vector <=> ${near} AS distance FROM candidate)
    SELECT hit.id, hit.number, 1 - hit.distance AS score, pool.candidates
    FROM (SELECT count(*) AS candidates FROM nearest) AS pool
    LEFT JOIN (
      SELECT chunk.id, chunk.number, nearest.distance
      FROM nearest
      JOIN chunk ON chunk.content_hash = nearest.content_hash
      JOIN document ON document.id = chunk.document_id
      WHERE ${matchesFilter(query.filter)}
      ORDER BY nearest.distance, chunk.number
      LIMIT ${query.hits}
    ) AS hit ON true
    ORDER BY hit.distance, hit.number`.execute(trx);
  const chunks = rows.flatMap((row) => (row.id === null ? [] : [{ id: row.id, number: row.number, score: row.score }]));
  return { chunks, candidates: rows[0]?.candidates ?? 0 };
}

/** As `findNearest`, but all vectors of the documents that match are compared: for filters that leave few. */
export async function findNearestWithin(trx: TenantTransaction, query: DenseQuery): Promise<ScoredChunk[]> {
  const near = vectorText(query.vector);
  const { rows } = await sql<ScoredChunk>`
    SELECT chunk.id, chunk.number, 1 - (embedding.vector <=> ${near}::vector) AS score
    FROM document
    JOIN chunk ON chunk.document_id = document.id
    JOIN embedding ON embedding.content_hash = chunk.content_hash AND ${inSpace(spaceOf(query))}
    WHERE ${matchesFilter(query.filter)}
    ORDER BY embedding.vector <=> ${near}::vector, chunk.number
    LIMIT ${query.hits}`.execute(trx);
  return rows;
}
