import { expect, test } from 'vitest';
import { isId, newId } from './id.ts';
import { someRandomBytes } from './random.ts';

test('ids are UUIDs of version 7 of now, each greater than the one before', () => {
  const before = Date.now();
  const ids = Array.from({ length: 20_000 }, newId);
  expect(ids.every(isId)).toBe(true);
  expect(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(
    true,
  );
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  const time = Number.parseInt(ids[0]?.replaceAll('-', '').slice(0, 12) ?? '', 16);
  expect(time).toBeGreaterThanOrEqual(before);
  expect(time).toBeLessThanOrEqual(Date.now());
});

test('no random bytes are given out twice, also where the pool is filled anew', () => {
  const taken = Array.from({ length: 5_000 }, () => someRandomBytes(24).toString('hex'));
  expect(new Set(taken).size).toBe(taken.length);
});
