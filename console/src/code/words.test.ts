import { expect, test } from 'vitest';
import type { AnalysisSummary } from '../api/code.ts';
import { codeParts } from './code-parts.ts';
import { adviceFor } from './fault-advice.ts';
import { durationWords, findingCount, movement, originWords, placeWords, stageWords, toneOfGrade } from './words.ts';

test.each<[AnalysisSummary['status'], number, string]>([
  ['pending', 0, 'Waiting for its turn'],
  ['running', 0, 'Fetching the code'],
  ['running', 0.29, 'Fetching the code'],
  ['running', 0.3, 'Measuring and judging'],
  ['running', 0.94, 'Measuring and judging'],
  ['running', 0.95, 'Putting the result together'],
])('an analysis that is %s at %d says what is being done', (status, progress, words) => {
  expect(stageWords({ status, progress })).toBe(words);
});

test.each([
  [90, 80.5, { words: '+9.5', isBetter: true }],
  [80.5, 90, { words: '−9.5', isBetter: false }],
  // 0.30000000000000004 is no movement that anybody wants to read.
  [0.3, 0.1 + 0.2, null],
  [70, 70, null],
  [70, null, null],
])('a score of %d after %s moved so', (value, previous, moved) => {
  expect(movement(value, previous)).toEqual(moved);
});

test('places, durations, counts and origins are said as people say them', () => {
  expect(placeWords('src/a.js', 7)).toBe('src/a.js:7');
  expect(placeWords('src/a.js', null)).toBe('src/a.js');
  expect(placeWords(null, null)).toBe('The whole code base');
  expect([400, 13_447, 60_000, 125_000].map(durationWords)).toEqual([
    'under a second',
    '13 s',
    '1 min 0 s',
    '2 min 5 s',
  ]);
  expect([0, 1, 2].map(findingCount)).toEqual(['nothing found', '1 finding', '2 findings']);
  const git = { kind: 'git', url: 'https://git.example/a', path: null } as const;
  expect(originWords({ ...git, branch: null })).toBe('https://git.example/a');
  expect(originWords({ ...git, branch: 'next' })).toBe('https://git.example/a, branch next');
  expect(originWords({ kind: 'archive', url: null, path: 'shop.zip', branch: null })).toBe('shop.zip');
  expect((['A', 'B', 'C', 'D', 'E'] as const).map(toneOfGrade)).toEqual(['good', 'good', 'warn', 'warn', 'bad']);
});

test('names between backticks are code, and a lone backtick is none', () => {
  const read = (text: string) => codeParts(text).map(({ text: part, isCode }) => (isCode ? [part] : part));
  expect(read('`a` is not `b`.')).toEqual([['a'], ' is not ', ['b'], '.']);
  expect(read('It`s so')).toEqual(['It`s so']);
  expect(read('`a` and `')).toEqual([['a'], ' and `']);
  expect(read('')).toEqual([]);
});

test('advice is known for what a person can mend, and there is some for all else', () => {
  expect(adviceFor('ERR_FETCH_003')).toMatchObject({ text: expect.stringContaining('access token'), edit: true });
  expect(adviceFor('toString')).toEqual(adviceFor(undefined));
});
