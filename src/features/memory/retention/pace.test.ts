import { expect, test } from 'vitest';
import { createPace } from './pace.ts';

/** Sizes of batches on a database that takes so many ms for each memory. */
function sizesAt(perMemory: number, batches = 12): number[] {
  const pace = createPace();
  return Array.from({ length: batches }, () => {
    const size = pace.size();
    pace.restAfter(size * perMemory);
    return size;
  });
}

test('batches find the size that takes some tens of milliseconds', () => {
  expect(sizesAt(0.25).at(-1)).toBe(100);
  expect(sizesAt(0.5).at(-1)).toBe(50);
  expect(sizesAt(0.01).at(-1)).toBe(200);
  expect(sizesAt(100).at(-1)).toBe(10);
});

test('one slow batch makes the next one small, and it grows again bit by bit', () => {
  const pace = createPace();
  for (let batch = 0; batch < 12; batch += 1) pace.restAfter(pace.size() * 0.125);
  expect(pace.size()).toBe(200);
  pace.restAfter(1_000);
  expect(pace.size()).toBe(10);
  pace.restAfter(1);
  expect(pace.size()).toBe(15);
});

test('the database has a rest after each batch, and never a long one', () => {
  const pace = createPace();
  expect(pace.restAfter(40)).toBe(20);
  expect(pace.restAfter(60_000)).toBe(1_000);
  expect(pace.restAfter(0)).toBe(0);
});
