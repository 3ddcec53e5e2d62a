import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RedisConnection } from '../redis/redis.ts';

/** So many acts within a window of time. */
export type Limit = {
  /** In keys of Redis and in headers: letters and hyphens. */
  name: string;
  quota: number;
  windowSeconds: number;
  /** Whether each window that is overdrawn within an hour doubles the wait that follows, up to 15 minutes. */
  growing: boolean;
};

export type Verdict = {
  limit: Limit;
  allowed: boolean;
  /** Acts that are left in this window. */
  remaining: number;
  /** ms until there are all of them again. */
  resetAfter: number;
};

export type Limiter = {
  readonly limit: Limit;
  /** Counts one act of a key, or several at once, also those that are refused. Never throws for a Redis that is away: this process counts then. */
  take(key: string, acts?: number): Promise<Verdict>;
};

/** Strikes are forgotten an hour after the first. */
const STRIKE_SECONDS = 3_600;
const LONGEST_WAIT_SECONDS = 900;
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

/**
 * Counts in windows that begin with a key's first act: in the memory of this process, or in Redis for all of them. So up to
 * twice the quota fits around the end of a window.
 */
export function createLimiter(
  limit: Limit,
  redis: RedisConnection | null,
  onRefused: (limit: string) => void = () => undefined,
): Limiter {
  // In Redis mode, a key that is over its quota is refused from memory: a flood does not reach Redis. Where the wait grows,
  // Redis alone knows how long it is.
  const counter = createCounter(limit.name, limit.quota, limit.windowSeconds, redis, !limit.growing);
  const strikes = limit.growing
    ? createCounter(`${limit.name}-strikes`, UNBOUNDED, STRIKE_SECONDS, redis, false)
    : null;

  const lengthen = async (key: string): Promise<number | null> => {
    if (!strikes) return null;
    const { consumedPoints } = await strikes.penalty(key);
    const seconds = Math.min(limit.windowSeconds * 2 ** (consumedPoints - 1), LONGEST_WAIT_SECONDS);
    await counter.block(key, seconds);
    return seconds * 1_000;
  };

  return {
    limit,
    take: async (key, acts = 1) => {
      const { state, allowed } = await consume(counter, key, acts);
      if (!allowed) onRefused(limit.name);
      const overdrawn = !allowed && state.consumedPoints > limit.quota && state.consumedPoints - acts <= limit.quota;
      const wait = overdrawn ? await lengthen(key) : null;
      return { limit, allowed, remaining: state.remainingPoints, resetAfter: wait ?? state.msBeforeNext };
    },
  };
}

type Counter = RateLimiterMemory | RateLimiterRedis;

function createCounter(
  name: string,
  points: number,
  duration: number,
  redis: RedisConnection | null,
  refuseFromMemory: boolean,
): Counter {
  const inMemory = new RateLimiterMemory({ keyPrefix: name, points, duration });
  if (!redis) return inMemory;
  return new RateLimiterRedis({
    storeClient: redis.client,
    keyPrefix: `parley:limit:${name}`,
    points,
    duration,
    rejectIfRedisNotReady: true,
    insuranceLimiter: inMemory,
    ...(refuseFromMemory && { inMemoryBlockOnConsumed: points + 1 }),
  });
}

/** The library says "no" by throwing; anything else that it throws is a fault. */
async function consume(
  counter: Counter,
  key: string,
  acts: number,
): Promise<{ state: RateLimiterRes; allowed: boolean }> {
  try {
    return { state: await counter.consume(key, acts), allowed: true };
  } catch (thrown) {
    if (thrown instanceof RateLimiterRes) return { state: thrown, allowed: false };
    throw thrown;
  }
}
