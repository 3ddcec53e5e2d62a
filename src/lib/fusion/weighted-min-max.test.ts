import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fuse } from './weighted-min-max.ts';

const ranking = (weight: number, scores: Record<string, number>, floor?: number) => ({
  weight,
  scores: new Map(Object.entries(scores)),
  ...(floor !== undefined && { floor }),
});

describe('fuse', () => {
  test('gives nothing for nothing', () => {
    expect(fuse([])).toEqual([]);
    expect(fuse([ranking(1, {})])).toEqual([]);
  });

  test('scales each ranking between its lowest and its best', () => {
    const fused = fuse([ranking(1, { a: 30, b: 20, c: 10 }), ranking(3, { c: 0.9, a: 0.5 })]);
    expect(fused).toEqual([
      { id: 'c', score: 0.75 },
      { id: 'a', score: 0.25 },
      { id: 'b', score: 0.125 },
    ]);
  });

  test('keeps distances to a given floor, so that the last of a close ranking is not thrown to 0', () => {
    const [first, second] = fuse([ranking(1, { a: 10, b: 9 }, 0)]);
    expect(first).toEqual({ id: 'a', score: 1 });
    expect(second).toEqual({ id: 'b', score: 0.9 });
  });

  test('an empty ranking takes no share', () => {
    expect(fuse([ranking(0.5, { a: 2, b: 1 }, 0), ranking(0.5, {})])[0]).toEqual({ id: 'a', score: 1 });
  });

  test('equal scores are all best, and keep their order', () => {
    expect(fuse([ranking(1, { x: 4, y: 4, z: 4 })]).map(({ id, score }) => [id, score])).toEqual([
      ['x', 1],
      ['y', 1],
      ['z', 1],
    ]);
  });

  test('scores stay within 0 and 1, come in order, and one ranking alone keeps its own order', () => {
    const scores = fc.dictionary(fc.string(), fc.integer());
    fc.assert(
      fc.property(scores, scores, fc.double({ min: 0.01, max: 1, noNaN: true }), (one, other, weight) => {
        const fused = fuse([ranking(weight, one), ranking(1, other)]);
        expect(fused.length).toBe(new Set([...Object.keys(one), ...Object.keys(other)]).size);
        for (const [index, { score }] of fused.entries()) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1 + 1e-9);
          expect(score).toBeLessThanOrEqual(fused[index - 1]?.score ?? 2);
        }
        const alone = fuse([ranking(weight, one)]).map(({ id }) => one[id] ?? 0);
        expect(alone).toEqual([...alone].sort((a, b) => b - a));
      }),
    );
  });
});
