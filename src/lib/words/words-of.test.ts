import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutAccents, wordsOf } from './words-of.ts';

describe('wordsOf', () => {
  test.each([
    ['Plain words, in ORDER.', ['plain', 'words', 'in', 'order']],
    ['e-mail', ['e', 'mail', 'email']],
    ['TCP/IP and/or', ['tcp', 'ip', 'and', 'or']],
    ['Node.js', ['node', 'js', 'nodejs']],
    ['snake_case', ['snake', 'case', 'snakecase']],
    ['the U.S. and AT&T', ['the', 'us', 'and', 'at', 't', 'att']],
    ['C++ or C# or c', ['c++', 'or', 'c#', 'or', 'c']],
    ["Parley's don't", ['parley', 'don', 't']],
    ['L’homme, O’Neill', ['l', 'homme', 'o', 'neill']],
    ['10,000 of 1,234,567 in 3.14', ['10000', 'of', '1234567', 'in', '3', '14']],
    ['2016-02-07', ['2016', '02', '07']],
    ['ﬁnd ＷＩＤＥ', ['find', 'wide']],
    ['', []],
    [' \t\n—…!?', []],
  ])('%j', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  test('finds words in scripts that write none, so that a question meets its answer', () => {
    expect(wordsOf('猫坐在屋顶上')).toContain('屋顶');
    expect(wordsOf('屋顶在哪里')).toContain('屋顶');
    expect(wordsOf('東京都に行く')).toContain('東京');
    expect(wordsOf('한국어를')).toContain('한국');
    expect(wordsOf('แมวนั่งอยู่บนหลังคา')).toContain('แมว');
  });

  test('cuts a blob to a length that an index can hold, never inside a surrogate pair', () => {
    expect(wordsOf('a'.repeat(5_000))).toEqual(['a'.repeat(64)]);
    expect(wordsOf('𐐨'.repeat(200))[0]).toSatisfy((word: string) => word.isWellFormed() && word.length <= 64);
  });

  test('never gives white space, upper case or an empty word, whatever the text is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        for (const word of wordsOf(text)) {
          expect(word).toMatch(/^\S+$/u);
          expect(word.length).toBeLessThanOrEqual(64);
        }
      }),
    );
  });
});

test('withoutAccents folds Latin letters only', () => {
  expect(['résum', 'muller', 'müll', 'ação', 'й', 'が', '한국'].map(withoutAccents)).toEqual([
    'resum',
    'muller',
    'mull',
    'acao',
    'й',
    'が',
    '한국',
  ]);
});
