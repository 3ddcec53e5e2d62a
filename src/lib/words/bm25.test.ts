import { describe, expect, test } from 'vitest';
import { type Corpus, idf, limitsFor, planTerms, type TermCount } from './bm25.ts';

const corpus: Corpus = { textCount: 100_000, averageWords: 100, firstText: 1, lastText: 100_000 };
const limits = { count: 10_000, scan: 20_000 };
const count = (lexeme: string, found: number, oldest = 1, newest = 100_000): TermCount => ({
  lexeme,
  found,
  oldest,
  newest,
});

describe('planTerms', () => {
  test('looks for the rarest words, and lets common ones add to what was found', () => {
    const words = [['common'], ['rare'], ['middling']];
    const planned = planTerms(words, [count('common', 9_000), count('rare', 10), count('middling', 12_000)], corpus, {
      count: 20_000,
      scan: 15_000,
    });
    expect(planned.map(({ lexeme, essential }) => [lexeme, essential])).toEqual([
      ['rare', true],
      ['common', true],
      ['middling', false],
    ]);
  });

  test('looks for the rarest word even when that is common', () => {
    const [only] = planTerms([['word']], [count('word', 10_000, 80_001, 100_000)], corpus, { count: 10_000, scan: 5 });
    expect(only).toMatchObject({ lexeme: 'word', essential: true });
  });

  test('estimates how frequent a word is from the newest chunks, where counting stopped', () => {
    const [half] = planTerms([['half']], [count('half', 10_000, 80_001, 100_000)], corpus, limits);
    expect(half?.frequency).toBe(50_000);
    const [all] = planTerms([['all']], [count('all', 10_000, 90_001, 100_000)], corpus, limits);
    expect(all?.frequency).toBe(100_000);
    const [counted] = planTerms([['counted']], [count('counted', 9_999)], corpus, limits);
    expect(counted?.frequency).toBe(9_999);
  });

  test('weighs the stems of one word together', () => {
    const counts = [count('compani', 5_000), count('companies', 1)];
    const [rare, common] = planTerms([['compani', 'companies']], counts, corpus, limits);
    expect(rare?.lexeme).toBe('companies');
    expect(rare?.idf).toBe(common?.idf);
    expect(rare?.idf).toBeCloseTo(idf(5_001, 100_000), 10);
  });

  test('an idf is never negative', () => {
    expect(idf(100_000, 100_000)).toBeGreaterThan(0);
    expect(idf(200_000, 100_000)).toBeGreaterThan(0);
    expect(idf(1, 1)).toBeGreaterThan(0);
  });
});

test('a query of many words is counted less deeply, so that the work stays the same', () => {
  expect(limitsFor(1).count).toBe(10_000);
  expect(limitsFor(32).count).toBe(10_000);
  expect(limitsFor(640).count).toBe(500);
  expect(limitsFor(0).count).toBe(10_000);
});
