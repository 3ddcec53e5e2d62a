import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeRanges } from './lexical-search.ts';

test('mergeRanges covers the same numbers, none of them twice', () => {
  const range = fc.tuple(fc.nat(60), fc.nat(8)).map(([low, length]) => ({ low, high: low + length }));
  fc.assert(
    fc.property(fc.array(range), (ranges) => {
      const numbers = (list: readonly { low: number; high: number }[]) =>
        list.flatMap(({ low, high }) => Array.from({ length: high - low + 1 }, (_, index) => low + index));
      const merged = numbers(mergeRanges(ranges));
      expect(merged).toEqual([...new Set(numbers(ranges))].sort((a, b) => a - b));
    }),
  );
});
