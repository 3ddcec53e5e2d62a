import type { RedisConnection } from '../../src/platform/redis/redis.ts';

/** What of Redis a shared cache uses; `texts` is what lies in it, `store.away` makes it fail. */
export function sharedStore() {
  const texts = new Map<string, string>();
  const store = { away: false };
  const guard = <Value>(value: () => Value): Promise<Value> =>
    store.away ? Promise.reject(new Error('away')) : Promise.resolve(value());
  const client = {
    get: (key: string) => guard(() => texts.get(key) ?? null),
    set: (key: string, text: string) => guard(() => texts.set(key, text)),
  };
  return { texts, store, redis: { client, publish: async () => false } as unknown as RedisConnection };
}
