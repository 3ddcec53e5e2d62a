import { around } from './around.ts';
import type { Embedder } from './embedder.ts';

export type BatchLimits = {
  /** Texts in one request. */
  texts: number;
  /** UTF-16 units in one request; a longer single text is sent alone. */
  characters: number;
};

/** Under the limits of the known providers: OpenAI takes 2,048 texts and 300,000 tokens, Cohere and others 96 texts. */
export const DEFAULT_BATCH: BatchLimits = { texts: 96, characters: 250_000 };

/** The same embedder for any number of texts, one request after the other. */
export function batchedEmbedder(embedder: Embedder, limits: BatchLimits = DEFAULT_BATCH): Embedder {
  return {
    id: embedder.id,
    around: (wrap) => batchedEmbedder(around(embedder, wrap), limits),
    async embed(texts, signal, onUsage) {
      const vectors: (readonly number[])[] = [];
      for (const batch of batches(texts, limits)) vectors.push(...(await embedder.embed(batch, signal, onUsage)));
      return vectors;
    },
  };
}

function* batches(texts: readonly string[], limits: BatchLimits): Generator<readonly string[]> {
  let batch: string[] = [];
  let characters = 0;
  for (const text of texts) {
    if (batch.length >= limits.texts || (batch.length > 0 && characters + text.length > limits.characters)) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push(text);
    characters += text.length;
  }
  if (batch.length > 0) yield batch;
}
