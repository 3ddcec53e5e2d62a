import { expect, test } from 'vitest';
import { informativeTerms, queryWords } from './query-words.ts';

const stem = (word: string, language: string, lexeme: string | null) => ({ word, language, lexeme });

test('queryWords gives each word once, and at most 128', () => {
  expect(queryWords('To be, or not to be')).toEqual(['to', 'be', 'or', 'not']);
  expect(queryWords(Array.from({ length: 500 }, (_, index) => `w${index}`).join(' '))).toHaveLength(128);
});

test('a word is looked for as the stem of every language', () => {
  const stems = [
    stem('running', 'english', 'run'),
    stem('art', 'english', 'art'),
    stem('running', 'german', 'running'),
    stem('art', 'german', 'art'),
  ];
  expect(informativeTerms(stems)).toEqual([
    { word: 'running', lexemes: ['run', 'running'] },
    { word: 'art', lexemes: ['art'] },
  ]);
});

test('stop words of the query’s own language are left out for all', () => {
  const stems = [
    stem('what', 'english', null),
    stem('was', 'english', null),
    stem('hidden', 'english', 'hidden'),
    stem('what', 'german', 'what'),
    stem('was', 'german', null),
    stem('hidden', 'german', 'hidd'),
  ];
  expect(informativeTerms(stems)).toEqual([{ word: 'hidden', lexemes: ['hidden', 'hidd'] }]);
});

test('a stop word of another language is still looked for', () => {
  const stems = [
    stem('die', 'english', 'die'),
    stem('of', 'english', null),
    stem('the', 'english', null),
    stem('die', 'german', null),
    stem('of', 'german', 'of'),
    stem('the', 'german', 'the'),
  ];
  expect(informativeTerms(stems)).toEqual([{ word: 'die', lexemes: ['die'] }]);
});
