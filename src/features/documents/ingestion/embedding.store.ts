import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { vectorText } from '../../../platform/database/vector-text.ts';

export type UnembeddedChunk = { index: number; content_hash: Buffer; heading_path: string[]; text: string };

/** The next chunks of a document, behind `after`, whose text this embedder has not seen. */
export async function findUnembedded(
  trx: TenantTransaction,
  documentId: string,
  embedder: string,
  page: { after: number; limit: number },
): Promise<UnembeddedChunk[]> {
  const { rows } = await sql<UnembeddedChunk>`
    SELECT index, content_hash, heading_path, text FROM chunk
    WHERE document_id = ${documentId} AND index > ${page.after} AND NOT EXISTS (
      SELECT FROM embedding WHERE embedder = ${embedder} AND embedding.content_hash = chunk.content_hash
    )
    ORDER BY index
    LIMIT ${page.limit}`.execute(trx);
  return rows;
}

export async function insertEmbeddings(
  trx: TenantTransaction,
  embedder: string,
  embeddings: readonly { contentHash: Buffer; vector: readonly number[] }[],
): Promise<void> {
  if (embeddings.length === 0) return;
  await trx
    .insertInto('embedding')
    .values(
      embeddings.map(({ contentHash, vector }) => ({
        embedder,
        content_hash: contentHash,
        vector: vectorText(vector),
      })),
    )
    .onConflict((conflict) => conflict.columns(['embedder', 'content_hash']).doNothing())
    .execute();
}
