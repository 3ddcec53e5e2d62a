import { assert, constantFrom, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TITLE_LENGTH, titleFrom, titleOf } from './title-from.ts';

describe('a title from a question', () => {
  test.each([
    ['How do I cancel? I have tried everything.', 'How do I cancel?'],
    ['  What   is\tthis\nand that?', 'What is this'],
    ['Explain node.js 3.5 to me. Be short.', 'Explain node.js 3.5 to me'],
    ['Use e.g. Redis. Or not.', 'Use e.g. Redis'],
    ['また明日。さようなら', 'また明日。'],
    ['   \n ', ''],
  ])('%j: %j', (question, title) => {
    expect(titleFrom(question)).toBe(title);
  });

  test('a long sentence is cut between two words', () => {
    const title = titleFrom('Which of the many insurance policies that we have signed covers damage by water?');
    expect(title).toBe('Which of the many insurance policies that we have signed…');
  });

  test('is never longer than it may be, in one line, and well-formed', () => {
    assert(
      property(
        string({ unit: constantFrom('word', ' ', '.', '?', ',', '"', '\n', '…', 'é', '😀', '\ud83d'), maxLength: 60 }),
        (text) =>
          [titleFrom(text), titleOf(text)].every(
            (title) => title.length <= TITLE_LENGTH && !/[\r\n]/.test(title) && title.isWellFormed(),
          ),
      ),
    );
  });

  test('no character of two halves is cut apart', () => {
    expect(titleFrom('😀'.repeat(60))).toBe(`${'😀'.repeat(29)}…`);
  });
});

test.each([
  ['"Cancelling a contract."', 'Cancelling a contract'],
  ['**Title: Water damage**', 'Water damage'],
  ['# Water damage\nIt covers…', 'Water damage'],
  ['“Wasserschaden”', 'Wasserschaden'],
  ['""', ''],
])('a model that says %j means %j', (said, title) => {
  expect(titleOf(said)).toBe(title);
});

test('a model that does not stop is not looked at to its end', { timeout: 5_000 }, () => {
  const began = performance.now();
  expect(titleOf(`Rent${' '.repeat(100_000)}?`)).toBe('Rent');
  expect(performance.now() - began).toBeLessThan(2_000);
});
