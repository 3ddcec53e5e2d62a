import type { Clock } from '../../../platform/clock.ts';
import type { RedisConnection } from '../../../platform/redis/redis.ts';
import { cacheKeyOf, createSharedCache, type SharedCache } from '../../../platform/redis/shared-cache.ts';
import type { Candidates, RecallQuery } from './recall.ts';

/** What the questions of the last minute found, by question. */
export type CandidateCache = SharedCache<Candidates>;

/** It holds numbers alone, some kilobytes each. Of a memory that is on another branch of its chat again, a repeated question
 * hears after the lifetime at the latest. */
export function createCandidateCache(deps: { redis?: RedisConnection | null; clock: Clock }): CandidateCache {
  return createSharedCache({ ...deps, prefix: 'parley:recall:', lifetimeSeconds: 60, mostKept: 1_000, isSound });
}

/** Whoever asks the same of the same memories; the words are not to be read from it. */
export function cacheKey(tenantId: string, { query, owners, filter, vector }: RecallQuery): string {
  return cacheKeyOf([tenantId, owners, query, filter, vector?.embedder ?? null]);
}

function isSound(value: unknown): value is Candidates {
  if (typeof value !== 'object' || value === null) return false;
  const { version, counts, numbers, cosines } = value as Partial<Candidates>;
  const lists = [counts, numbers, cosines].every(Array.isArray);
  return typeof version === 'string' && lists && (numbers ?? []).every((number) => Number.isSafeInteger(number));
}
