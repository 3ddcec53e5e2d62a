import type { EmbeddedArea } from '../../embeddings/index.ts';
import * as store from './vector.store.ts';

/** Memories, as texts that embedders make vectors of. */
export const memoryVectors: EmbeddedArea = {
  name: 'memory',
  purpose: 'memory',
  findMissing: async (trx, embedder, page) => {
    const memories = await store.findWithoutVector(trx, embedder, page);
    return memories.map(({ number: place, content_hash: contentHash, content: text }) => ({
      place,
      contentHash,
      text,
    }));
  },
  save: async (trx, embedder, vectors, serving) => {
    if (serving) await store.saveVectors(trx, embedder, vectors);
    else await store.keepVectors(trx, embedder, vectors);
  },
  count: store.countVectors,
};
