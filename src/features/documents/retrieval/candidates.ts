import type { ScoredChunk, Scoring } from './lexical.store.ts';

/** Candidates that are looked at first. */
const POOL = 500;
const MAX_POOL = 50_000;

/**
 * Takes more candidates until there are enough hits among them: documents that are not ready, or that the filter leaves
 * out, may have taken the places. Their number is bounded, so that a filter that hardly anything matches stays cheap.
 */
export async function widenUntilEnough(hits: number, look: (pool: number) => Promise<Scoring>): Promise<ScoredChunk[]> {
  for (let pool = Math.max(POOL, hits); ; pool *= 10) {
    const { chunks, candidates } = await look(pool);
    if (chunks.length === hits || candidates < pool || pool >= MAX_POOL) return chunks;
  }
}
