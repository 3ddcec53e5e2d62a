import type { Database } from '../../../platform/database/database.ts';
import { vectorText } from '../../../platform/database/vector-text.ts';
import type { EmbeddedArea } from '../../embeddings/index.ts';
import { inTenant } from '../../tenancy/index.ts';
import { noteVectors } from '../ingestion/chunk.store.ts';
import { textInContext } from '../ingestion/index-text.ts';
import { indexVectors, VECTORS_WITHOUT_INDEX } from '../ingestion/index-vectors.ts';
import { hasVectors, isIndexed, MAX_INDEXED_DIMENSIONS } from '../retrieval/vector-index.store.ts';
import * as store from './document-vectors.store.ts';

type Dependencies = { database: Database; vectorsWithoutIndex?: number };

/** The chunks of documents, as texts that embedders make vectors of. */
export function createDocumentVectors({
  database,
  vectorsWithoutIndex = VECTORS_WITHOUT_INDEX,
}: Dependencies): EmbeddedArea {
  return {
    name: 'documents',
    purpose: 'document',
    findMissing: async (trx, embedder, page) => {
      const chunks = await store.findMissingChunks(trx, embedder, page);
      return chunks.map(({ place, content_hash: contentHash, title, heading_path: headingPath, text }) => ({
        place,
        contentHash,
        text: textInContext({ title, headingPath, text }),
      }));
    },
    save: async (trx, embedder, vectors, serving) => {
      await store.keepVectors(
        trx,
        embedder,
        vectors.map(({ contentHash, vector }) => ({ contentHash, vector: vectorText(vector) })),
      );
      if (!serving) return;
      await noteVectors(
        trx,
        vectors.map(({ contentHash }) => contentHash),
      );
    },
    count: store.countChunkVectors,
    prepare: async (tenant, embedder, dimensions) => {
      const space = { embedder, dimensions };
      if (database.kind !== 'server' || dimensions > MAX_INDEXED_DIMENSIONS) return;
      const needed = await inTenant(
        database,
        tenant,
        async (trx) => (await hasVectors(trx, space, vectorsWithoutIndex)) && !(await isIndexed(trx, space)),
      );
      if (needed) await indexVectors({ database }, { tenant, space });
    },
  };
}
