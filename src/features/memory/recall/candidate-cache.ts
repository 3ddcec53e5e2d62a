import { createHash } from 'node:crypto';
import type { Clock } from '../../../platform/clock.ts';
import type { RedisConnection } from '../../../platform/redis/redis.ts';
import type { Candidates, RecallQuery } from './recall.ts';

/** What the questions of the last minute found, by question. */
export type CandidateCache = {
  get(key: string): Promise<Candidates | null>;
  set(key: string, candidates: Candidates): void;
  /** Forgets what this process keeps. */
  clear(): void;
};

/** Of a memory that is on another branch of its chat again, a repeated question hears after so long at the latest. */
const LIFETIME_SECONDS = 60;
/** Some kilobytes each. */
const MOST_KEPT = 1_000;
const PREFIX = 'parley:recall:';

/** Here, and in Redis, where there is one, for all replicas. It holds numbers alone; Redis being away costs a search. */
export function createCandidateCache({
  redis,
  clock,
}: {
  redis?: RedisConnection | null;
  clock: Clock;
}): CandidateCache {
  const kept = new Map<string, { candidates: Candidates; until: number }>();
  return {
    get: async (key) => {
      const found = kept.get(key);
      if (found && found.until > clock.now().getTime()) return found.candidates;
      const text = redis ? await redis.client.get(PREFIX + key).catch(() => null) : null;
      return text === null ? null : parsed(text);
    },
    set: (key, candidates) => {
      const [oldest] = kept.keys();
      if (kept.size >= MOST_KEPT && oldest !== undefined) kept.delete(oldest);
      kept.delete(key);
      kept.set(key, { candidates, until: clock.now().getTime() + LIFETIME_SECONDS * 1_000 });
      redis?.client.set(PREFIX + key, JSON.stringify(candidates), 'EX', LIFETIME_SECONDS).catch(() => undefined);
    },
    clear: () => kept.clear(),
  };
}

/** Whoever asks the same of the same memories; the words are not to be read from it. */
export function cacheKey(tenantId: string, { query, owners, filter, vector }: RecallQuery): string {
  const asked = JSON.stringify([tenantId, owners, query, filter, vector?.embedder ?? null]);
  return createHash('sha256').update(asked).digest('base64url');
}

/** What lies in Redis may be anybody's. */
function parsed(text: string): Candidates | null {
  try {
    const { version, counts, numbers, cosines } = JSON.parse(text) as Partial<Candidates>;
    const whole = typeof version === 'string' && [counts, numbers, cosines].every(Array.isArray);
    return whole ? ({ version, counts, numbers, cosines } as Candidates) : null;
  } catch {
    return null;
  }
}
