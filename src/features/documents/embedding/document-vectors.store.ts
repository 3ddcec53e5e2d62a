import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { IndexCounts } from '../../embeddings/index.ts';

export type MissingChunk = { place: number; content_hash: Buffer; title: string; heading_path: string[]; text: string };

/** Chunks of ready documents, behind `after`, whose text this embedder has no vector of and has not refused. */
export async function findMissingChunks(
  trx: TenantTransaction,
  embedder: string,
  { after, limit }: { after: number; limit: number },
): Promise<MissingChunk[]> {
  const { rows } = await sql<MissingChunk>`
    SELECT chunk.number AS place, chunk.content_hash, document.title, chunk.heading_path, chunk.text
    FROM chunk JOIN document ON document.id = chunk.document_id
    WHERE chunk.number > ${after} AND document.status = 'ready'
      AND NOT EXISTS (
        SELECT FROM embedding WHERE embedding.embedder = ${embedder} AND embedding.content_hash = chunk.content_hash)
      AND NOT EXISTS (
        SELECT FROM embedding_refusal AS refusal WHERE refusal.area = 'documents' AND refusal.embedder = ${embedder}
          AND refusal.content_hash = chunk.content_hash)
    ORDER BY chunk.number LIMIT ${limit}`.execute(trx);
  return rows;
}

/** Different texts of ready documents, and how many of them this embedder has a vector of. */
export async function countChunkVectors(trx: TenantTransaction, embedder: string): Promise<IndexCounts> {
  const { rows } = await sql<IndexCounts>`
    SELECT count(*) AS total, count(embedding.content_hash) AS embedded
    FROM (
      SELECT DISTINCT chunk.content_hash FROM chunk JOIN document ON document.id = chunk.document_id
      WHERE document.status = 'ready'
    ) AS text
    LEFT JOIN embedding ON embedding.embedder = ${embedder} AND embedding.content_hash = text.content_hash`.execute(
    trx,
  );
  return { total: Number(rows[0]?.total ?? 0), embedded: Number(rows[0]?.embedded ?? 0) };
}

/** Vectors of texts that are still there: what was deleted while they were made leaves none behind. */
export async function keepVectors(
  trx: TenantTransaction,
  embedder: string,
  vectors: readonly { contentHash: Buffer; vector: string }[],
): Promise<void> {
  await sql`
    INSERT INTO embedding (embedder, content_hash, vector)
    SELECT ${embedder}, made.content_hash, made.vector::vector
    FROM unnest(${vectors.map(({ contentHash }) => contentHash)}::bytea[],
      ${vectors.map(({ vector }) => vector)}::text[]) AS made (content_hash, vector)
    WHERE EXISTS (SELECT FROM chunk WHERE chunk.content_hash = made.content_hash)
    ON CONFLICT DO NOTHING`.execute(trx);
}
