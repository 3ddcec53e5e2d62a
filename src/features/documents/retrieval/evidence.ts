import { B, idf, K1 } from '../../../lib/words/bm25.ts';
import type { Occurrence } from './lexical.store.ts';
import type { LexicalQuery } from './lexical-search.ts';

/** Words that ask, and tell nothing about what is asked. */
const ASKING = new Set(
  `many much often long old far big tall large small high low deep wide heavy fast slow quickly soon late early expensive
  cheap tell give know show find list name explain describe please mean happen happens happened exactly`.split(/\s+/),
);

const SHORT_QUESTION = 3;

/**
 * The least share of a question that a chunk must cover to count as evidence. Measured with questions that the corpus
 * answers, and with questions of another set: on 5, 25 and 240 paragraphs of xquad-en it refuses 1 to 3 % of the first and
 * lets 1 to 4 % of the second through; on hotpotqa500 none is refused. In a question of a few words one common word covers
 * much, so it must cover more. A BM25 score alone cannot tell the two apart: its size depends on the corpus.
 */
export function enoughCoverage(query: LexicalQuery): number {
  return tellingTerms(query).length <= SHORT_QUESTION ? 0.25 : 0.2;
}

function tellingTerms({ terms }: LexicalQuery): LexicalQuery['terms'] {
  const telling = terms.filter(({ word }) => !ASKING.has(word));
  return telling.length > 0 ? telling : terms;
}

/** The least cosine that counts as evidence by itself. Models differ; this is where those of OpenAI part related texts
 * from unrelated ones. A model that is answered with passages still judges for itself. */
export const ENOUGH_SIMILARITY = 0.5;

/** Chunks that a corpus is taken to have at least: in a handful, every word would count as common. */
const LEAST_CORPUS = 1_000;

/**
 * How much of a question each chunk covers, 0 to 1: its BM25 score in relation to the highest possible one, in which
 * words that no chunk has count as well. They are the rarest of all, and mostly what the question is about.
 */
export function coverageOf(query: LexicalQuery, occurrences: readonly Occurrence[]): Map<number, number> {
  const weights = wordWeights(query);
  const best = weights.reduce((sum, { weight }) => sum + weight, 0);
  const chunks = Map.groupBy(occurrences, ({ chunkNumber }) => chunkNumber);
  return new Map(
    [...chunks].map(([number, found]) => {
      const saturation = new Map(found.map((one) => [one.lexeme, saturationOf(one, query.corpus.averageWords)]));
      const score = weights.reduce((sum, { lexemes, weight }) => {
        return sum + weight * Math.max(0, ...lexemes.map((lexeme) => saturation.get(lexeme) ?? 0));
      }, 0);
      return [number, best > 0 ? score / best : 0];
    }),
  );
}

function wordWeights(query: LexicalQuery) {
  const { planned, corpus } = query;
  const frequencies = new Map(planned.map(({ lexeme, frequency }) => [lexeme, frequency]));
  const size = Math.max(LEAST_CORPUS, corpus.textCount);
  return tellingTerms(query).map(({ lexemes }) => {
    const frequency = lexemes.reduce((sum, lexeme) => sum + (frequencies.get(lexeme) ?? 0), 0);
    return { lexemes, weight: idf(frequency, size) };
  });
}

/** BM25's part for the frequency in the chunk, scaled to 0..1. */
function saturationOf({ frequency, wordCount }: Occurrence, averageWords: number): number {
  return frequency / (frequency + K1 * (1 - B + (B * wordCount) / averageWords));
}
