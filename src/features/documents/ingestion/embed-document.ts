import type { Embedder } from '../../../ai/embedder.ts';
import { findUnembedded, insertEmbeddings, type UnembeddedChunk } from './embedding.store.ts';
import { textInContext } from './index-text.ts';
import { advance, type Try } from './ingestion.store.ts';
import type { InTenant } from './ingestion.types.ts';

/** Texts of one request to the embedder. */
const BATCH = 64;

export type Embedding = {
  embedder: Embedder;
  title: string;
  chunkCount: number;
  signal: AbortSignal;
  /** Progress of the document when this begins; it ends at 1. */
  progress: number;
};

/** Embeds what is new in a document. What an earlier try or another document had embedded is not embedded again.
 * Returns the length of the new vectors; null when there were none. @throws ModelError, Superseded */
export async function embedDocument(inTenant: InTenant, one: Try, embedding: Embedding): Promise<number | null> {
  const { embedder, chunkCount, signal } = embedding;
  let dimensions: number | null = null;
  for (let after = -1; ; ) {
    signal.throwIfAborted();
    const page = { after, limit: BATCH };
    const chunks = await inTenant((trx) => findUnembedded(trx, one.id, embedder.id, page));
    const last = chunks.at(-1);
    if (!last) return dimensions;
    const vectors = await embedBatch(embedding, chunks);
    const progress = embedding.progress + ((1 - embedding.progress) * (last.index + 1)) / chunkCount;
    await inTenant(async (trx) => {
      await advance(trx, one, { progress: Math.min(progress, 0.99) });
      await insertEmbeddings(trx, embedder.id, vectors);
    });
    dimensions = vectors[0]?.vector.length ?? dimensions;
    after = last.index;
  }
}

async function embedBatch({ embedder, title, signal }: Embedding, chunks: readonly UnembeddedChunk[]) {
  const different = [...new Map(chunks.map((chunk) => [chunk.content_hash.toString('hex'), chunk])).values()];
  const texts = different.map((chunk) => textInContext({ title, headingPath: chunk.heading_path, text: chunk.text }));
  const vectors = await embedder.embed(texts, signal);
  return different.map(({ content_hash: contentHash }, index) => {
    const vector = vectors[index];
    if (vector) return { contentHash, vector };
    throw new Error(`The embedder ${embedder.id} gave ${vectors.length} vectors for ${texts.length} texts.`);
  });
}
