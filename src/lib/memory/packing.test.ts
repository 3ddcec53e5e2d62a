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
  ['It was -5 degrees.', 'It was 5 degrees.'],
  ['The fee is $5.', 'The fee is €5.'],
  ['I write C.', 'I write C++.'],
  ['👍', '👎'],
  ['The gate is open.', 'The gate is open?'],
])('"%s" and "%s" are both packed', (one, other) => {
  expect(pack([one, other])).toEqual([one, other]);
});

test('what is given besides the content counts, for the budget and for what says the same', () => {
  const answers = ['Which colour has the boat?', 'Which colour has the car?'].map((before) => ({
    before,
    content: 'Blue.',
  }));
  const whole = ({ before, content }: { before: string; content: string }) => `${before} ${content}`;
  expect(packWithin(answers, 100, whole)).toEqual(answers);
  expect(packWithin(answers, 10, whole)).toEqual(answers.slice(0, 1));
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
