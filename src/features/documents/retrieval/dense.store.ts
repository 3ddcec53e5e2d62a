import { sql } from 'kysely';
import type { DatabaseKind, TenantTransaction } from '../../../platform/database/database.ts';
import { vectorText } from '../ingestion/embedding.store.ts';
import { type DocumentFilter, matchesFilter } from './filter.store.ts';
import type { ScoredChunk, Scoring } from './lexical.store.ts';
import {
  halfVector,
  inSpace,
  MAX_INDEXED_DIMENSIONS,
  searchIndexDeeply,
  type VectorSpace,
} from './vector-index.store.ts';

export type DenseQuery = { embedder: string; vector: readonly number[]; filter: DocumentFilter; hits: number };

const spaceOf = ({ embedder, vector }: DenseQuery): VectorSpace => ({ embedder, dimensions: vector.length });

/**
 * The chunks nearest to a vector, out of the `pool` nearest texts. The score is the cosine. Embedded, all vectors of the
 * embedder are compared (19 ms for 20,000 of 384 dimensions); on a server that holds more than that, an index gives the
 * pool (`vector-index.store.ts`), and exact cosines its order.
 */
export async function findNearest(
  trx: TenantTransaction,
  kind: DatabaseKind,
  query: DenseQuery,
  pool: number,
): Promise<Scoring> {
  const space = spaceOf(query);
  const near = sql`${vectorText(query.vector)}::vector(${sql.lit(space.dimensions)})`;
  // Half precision costs nothing on a server, and three times as much in WebAssembly.
  const isIndexable = kind === 'server' && space.dimensions <= MAX_INDEXED_DIMENSIONS;
  const vector = sql.ref('embedding.vector');
  const roughly = isIndexable
    ? sql`${halfVector(vector, space)} <=> ${halfVector(near, space)}`
    : sql`${vector} <=> ${near}`;
  if (isIndexable) await searchIndexDeeply(trx);
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
