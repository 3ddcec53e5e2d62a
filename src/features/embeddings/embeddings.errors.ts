import { defineErrors } from '../../platform/http/errors.ts';

export const embeddingErrors = defineErrors('EMBEDDING', {
  unknownEmbedder: {
    number: 1,
    kind: 'not-found',
    title: 'Embedding model not configured',
    example:
      'There is no embedding model openai/text-embedding-3-large here; GET /v1/embeddings/indexes names those there are.',
  },
  incomplete: {
    number: 2,
    kind: 'conflict',
    title: 'Vectors missing',
    example: '1204 texts have no vector of this embedding model yet; searches would not find them by meaning.',
  },
});

/** Told of a text that got no vector for now. */
export const backfillFaults = {
  unavailable: {
    code: 'embedding_unavailable',
    detail: 'The embedding model did not answer. It is tried again by itself.',
  },
} as const;
