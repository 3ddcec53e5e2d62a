import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { RedisConnection } from './redis.ts';

/** What was found lately, by what was asked: in this process and, where there is Redis, for all replicas. */
export type SharedCache<Value> = {
  get(key: string): Promise<Value | null>;
  set(key: string, value: Value): void;
  /** Forgets what this process keeps. */
  clear(): void;
};

export type SharedCacheOptions<Value> = {
  redis?: RedisConnection | null | undefined;
  clock: Clock;
  /** Of its keys in Redis. */
  prefix: string;
  lifetimeSeconds: number;
  /** Entries of this process at most; the oldest goes. */
  mostKept: number;
  /** What lies in Redis may be anybody's: whether it is of the right shape. */
  isSound(value: unknown): value is Value;
};

/** Redis being away costs no more than what has to be found anew. Whoever reads it looks whether it still holds. */
export function createSharedCache<Value>(options: SharedCacheOptions<Value>): SharedCache<Value> {
  const { redis, clock, prefix, lifetimeSeconds, mostKept, isSound } = options;
  const lifetimeMs = lifetimeSeconds * 1_000;
  const kept = new Map<string, { value: Value; from: number }>();

  const isFresh = (from: number) => {
    const age = clock.now().getTime() - from;
    // A clock that was put back makes nothing live longer.
    return age >= 0 && age < lifetimeMs;
  };

  return {
    get: async (key) => {
      const found = kept.get(key);
      if (found && isFresh(found.from)) return found.value;
      kept.delete(key);
      const text = redis ? await redis.client.get(prefix + key).catch(() => null) : null;
      const value = text === null ? null : parsed(text);
      return isSound(value) ? value : null;
    },
    set: (key, value) => {
      kept.delete(key);
      const [oldest] = kept.keys();
      if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest);
      kept.set(key, { value, from: clock.now().getTime() });
      redis?.client.set(prefix + key, JSON.stringify(value), 'EX', lifetimeSeconds).catch(() => undefined);
    },
    clear: () => kept.clear(),
  };
}

/** The key of what was asked: neither a word nor a tenant is to be read from it. */
export function cacheKeyOf(asked: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
