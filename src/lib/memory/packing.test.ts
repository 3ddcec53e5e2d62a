import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packWithin, tokensOf } from './packing.ts';

const pack = (contents: readonly string[], budget = 1_000) =>
  packWithin(
    contents.map((content) => ({ content })),
    budget,
  ).map(({ content }) => content);

test.each([
  ['The gate code is 4711.', 'So the gate code is 4711!'],
  ['I like figs', 'I really like figs.'],
  ['My name is Ann.', 'Your name is Ann.'],
])('"%s" and "%s" are packed once', (one, other) => {
  expect(pack([one, other])).toEqual([one]);
});

test.each([
  ['The gate code is 4711.', 'The gate code is 4712.'],
  ['The gate is open.', 'The gate is not open.'],
  ['I moved from Oslo to Bergen.', 'I moved from Bergen to Oslo.'],
  ['Ann is taller than Bob.', 'Bob is taller than Ann.'],
  ['He is allergic to nuts.', 'She is allergic to nuts.'],
  ['I am a nurse.', 'I was a nurse.'],
  ['The key is in the box.', 'The key is on the box.'],
])('"%s" and "%s" are both packed', (one, other) => {
  expect(pack([one, other])).toEqual([one, other]);
});

test('what does not fit is passed over, and the budget is never gone beyond', () => {
  const text = fc.string({ minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 20 }), fc.integer({ min: 1, max: 100 }), (contents, budget) => {
      const packed = pack(contents, budget);
      expect(packed.reduce((sum, content) => sum + tokensOf(content), 0)).toBeLessThanOrEqual(budget);
      expect(contents.filter((content) => packed.includes(content)).slice(0, packed.length).length).toBe(packed.length);
    }),
  );
  expect(pack(['a long note '.repeat(20), 'short'], 5)).toEqual(['short']);
});
