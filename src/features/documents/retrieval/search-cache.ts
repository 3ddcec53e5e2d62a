import { createRecent, type Recent } from '../../../lib/recent.ts';
import type { TermCount } from '../../../lib/words/bm25.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { RedisConnection } from '../../../platform/redis/redis.ts';
import { cacheKeyOf, createSharedCache, type SharedCache } from '../../../platform/redis/shared-cache.ts';
import type { Tenant } from '../../tenancy/index.ts';
import type { DocumentFilter } from './filter.store.ts';

/**
 * What a search found: ids and scores, no words. `version` is of the corpus that was searched; of another one it is not used.
 * Each hit is read anew, so that what was deleted is not among them, however old this is.
 */
export type FoundChunks = {
  version: string;
  /** Of each of the query's lexemes, in their order. */
  counts: readonly (Omit<TermCount, 'lexeme'> | null)[];
  ranked: readonly { id: string; score: number; scores: { dense?: number; sparse?: number } }[];
};

/** What common searches found, and the vectors of their queries. */
export type SearchCache = { found: SharedCache<FoundChunks>; vectors: Recent<readonly number[]> };

const MOST_VECTORS = 1_000;

export function createSearchCache(deps: { redis?: RedisConnection | null | undefined; clock: Clock }): SearchCache {
  const found = createSharedCache({
    ...deps,
    prefix: 'parley:search:',
    lifetimeSeconds: 60,
    mostKept: 1_000,
    isSound: isFoundChunks,
  });
  return { found, vectors: createRecent(MOST_VECTORS) };
}

/** Null for filters by what may change without a change of the corpus. */
export function searchKey(
  tenant: Tenant,
  { query, topK, mode, filter }: { query: string; topK: number; mode: string; filter: DocumentFilter },
  embedder: string | null,
): string | null {
  if (filter.metadata !== undefined || filter.sourceIds !== undefined) return null;
  return cacheKeyOf([tenant.id, query, topK, mode, filter.documentIds ?? null, embedder]);
}

function isFoundChunks(value: unknown): value is FoundChunks {
  if (typeof value !== 'object' || value === null) return false;
  const { version, counts, ranked } = value as Partial<FoundChunks>;
  return typeof version === 'string' && Array.isArray(counts) && Array.isArray(ranked) && ranked.every(isRanked);
}

function isRanked(one: unknown): boolean {
  if (typeof one !== 'object' || one === null || !('id' in one) || !('score' in one) || !('scores' in one))
    return false;
  return typeof one.id === 'string' && typeof one.score === 'number' && typeof one.scores === 'object';
}
