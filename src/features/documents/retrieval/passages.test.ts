import { describe, expect, test } from 'vitest';
import { estimateTokens, toPassages } from './passages.ts';
import type { Hit } from './search.ts';

const hit = (document: string, index: number, text: string): Hit => ({
  id: `${document}-${index}`,
  number: index,
  document_id: document,
  source_id: null,
  title: document,
  index,
  text,
  start_offset: index * 1_000,
  end_offset: index * 1_000 + text.length,
  heading_path: [],
  page_start: null,
  content_hash: Buffer.from(text),
  metadata: {},
  score: 1,
  scores: {},
});
const plenty = { count: 10, tokens: 10_000 };
const ids = (hits: readonly Hit[], limits = plenty) => toPassages(hits, limits).map(({ chunkId }) => chunkId);

describe('toPassages', () => {
  test('numbers passages from 1 and keeps their place in the document', () => {
    const [first, second] = toPassages([hit('a', 3, 'one thing'), hit('b', 0, 'quite another')], plenty);
    expect(first).toMatchObject({ number: 1, chunkId: 'a-3', documentStart: 3_000, text: 'one thing' });
    expect(second?.number).toBe(2);
  });

  test('leaves out what says the same as a better one', () => {
    const text = 'Refunds are given within thirty days of the purchase, with the receipt, in any of our shops.';
    const nearly = text.replace('thirty', '30');
    expect(ids([hit('a', 0, text), hit('b', 0, text), hit('c', 0, nearly), hit('d', 0, 'Something else.')])).toEqual([
      'a-0',
      'd-0',
    ]);
  });

  test('puts neighbours side by side, in the order of the document', () => {
    const hits = [hit('a', 5, 'five apples'), hit('b', 1, 'one pear'), hit('a', 4, 'four plums'), hit('a', 7, 'seven')];
    expect(ids(hits)).toEqual(['a-4', 'a-5', 'b-1', 'a-7']);
  });

  test('stays within the budget, and skips only what does not fit', () => {
    const long = 'word '.repeat(400);
    const hits = [hit('a', 0, 'first of all'), hit('b', 0, long), hit('c', 0, 'a third one')];
    expect(ids(hits, { count: 10, tokens: 100 })).toEqual(['a-0', 'c-0']);
    expect(ids(hits, { count: 1, tokens: 10_000 })).toEqual(['a-0']);
    expect(ids([hit('b', 0, long)], { count: 5, tokens: 10 })).toEqual(['b-0']);
  });

  test('gives nothing for nothing', () => {
    expect(toPassages([], plenty)).toEqual([]);
  });
});

test('estimateTokens counts signs of scripts that write a word with one or two of them', () => {
  expect(estimateTokens('four letters')).toBe(3);
  expect(estimateTokens('猫坐在屋顶上')).toBe(6);
  expect(estimateTokens('')).toBe(0);
});
