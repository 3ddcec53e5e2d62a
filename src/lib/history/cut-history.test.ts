import { array, assert, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { cutHistory, tokensOfText } from './cut-history.ts';

const kept = (sizes: readonly number[], budget: number) =>
  cutHistory(
    sizes.map((tokens) => ({ tokens })),
    budget,
  ).map(({ tokens }) => tokens);

test('the oldest turns go first, and the newest always stays', () => {
  expect(kept([5, 1, 2, 3], 6)).toEqual([1, 2, 3]);
  expect(kept([1, 9, 2, 3], 6)).toEqual([2, 3]);
  expect(kept([1, 100], 6)).toEqual([100]);
  expect(kept([1, 2], -50)).toEqual([2]);
  expect(kept([], 6)).toEqual([]);
});

test('what stays is the longest end that fits, whatever the turns', () => {
  const sizes = array(integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 30 });
  assert(
    property(sizes, integer({ min: 0, max: 400 }), (all, budget) => {
      const rest = kept(all, budget);
      const total = (some: readonly number[]) => some.reduce((sum, size) => sum + size, 0);
      expect(rest).toEqual(all.slice(all.length - rest.length));
      if (rest.length > 1) expect(total(rest)).toBeLessThanOrEqual(budget);
      if (rest.length < all.length) expect(total(all.slice(all.length - rest.length - 1))).toBeGreaterThan(budget);
    }),
  );
});

test('a text is never taken for less than it is', () => {
  expect(tokensOfText('')).toBe(0);
  expect(tokensOfText('four letters')).toBe(4);
  expect(tokensOfText('猫坐在屋顶上')).toBe(6);
});
