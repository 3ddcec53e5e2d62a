import { describe, expect, test } from 'vitest';
import { movableClock } from '../../../test/support/identity.ts';
import { createFreshCache } from './fresh-cache.ts';

function counted() {
  const clock = movableClock();
  const cache = createFreshCache<string>({ capacity: 10, lifetime: 1_000, clock });
  let loads = 0;
  const load = async () => {
    loads += 1;
    return `load ${loads}`;
  };
  return { clock, cache, load };
}

describe('a cache of what is fresh', () => {
  test('loads once while a value is fresh, and again after', async () => {
    const { clock, cache, load } = counted();
    expect(await cache.get('a', load)).toBe('load 1');
    clock.advance(999);
    expect(await cache.get('a', load)).toBe('load 1');
    clock.advance(1);
    expect(await cache.get('a', load)).toBe('load 2');
  });

  test('shares one load among callers at the same time', async () => {
    const { cache, load } = counted();
    expect(await Promise.all([cache.get('a', load), cache.get('a', load)])).toEqual(['load 1', 'load 1']);
  });

  test('loads again what was forgotten, also while it was being loaded', async () => {
    const { cache, load } = counted();
    const first = cache.get('a', load);
    cache.forget('a');
    expect(await cache.get('a', load)).toBe('load 2');
    expect(await first).toBe('load 1');
    expect(await cache.get('a', load)).toBe('load 2');
  });

  test('keeps neither a failure nor nothing', async () => {
    const { cache, load } = counted();
    await expect(cache.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await cache.get('a', load)).toBe('load 1');
    expect(await cache.get('b', async () => undefined)).toBeUndefined();
    expect(await cache.get('b', load)).toBe('load 2');
  });

  test('keeps nothing alive when the clock is set back', async () => {
    const { clock, cache, load } = counted();
    await cache.get('a', load);
    clock.advance(-3_600_000);
    expect(await cache.get('a', load)).toBe('load 2');
  });
});
