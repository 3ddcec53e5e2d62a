/** How often the extractive model's quotes hold the answer: `node bench/extractive.ts <folder of xquad-en>`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { QuotablePassage } from '../src/lib/extractive/score-units.ts';
import { LIMITS, type SelectedQuote, selectQuotes } from '../src/lib/extractive/select-quotes.ts';
import { termsOf } from '../src/lib/extractive/terms.ts';

type Line = { _id: string; text: string; title?: string; metadata: { answer: string } };

export type ExtractiveMeasurement = {
  questions: number;
  /** Shares of the questions whose quotes hold the answer: the best one alone, and all that are shown. */
  answeredByBest: number;
  answered: number;
  /** Mean of what is shown. */
  quotes: number;
  characters: number;
  /** Share that gets "nothing found" although the paragraph is there, and when it is taken away. */
  silentWithGold: number;
  silentWithoutGold: number;
};

/** Each question with its own paragraph and the four others that BM25 likes best, in BM25's order. */
export function measureExtractive(folder: string): ExtractiveMeasurement {
  const corpus = lines(join(folder, 'corpus.jsonl'));
  const questions = lines(join(folder, 'queries.jsonl'));
  const gold = new Map(
    readFileSync(join(folder, 'qrels.tsv'), 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.split('\t').slice(0, 2) as [string, string]),
  );
  const search = bm25(corpus);
  const sums = { best: 0, all: 0, quotes: 0, characters: 0, silent: 0, silentWithout: 0 };
  for (const { _id, text, metadata } of questions) {
    const ranked = search(text);
    const others = ranked.filter((paragraph) => paragraph._id !== gold.get(_id)).slice(0, 5);
    const shown = ranked.filter(
      (paragraph) => paragraph._id === gold.get(_id) || others.slice(0, 4).includes(paragraph),
    );
    const passages = asPassages(shown);
    const quotes = selectQuotes({ question: text }, passages);
    const best = selectQuotes({ question: text }, passages, { ...LIMITS, quotes: 1 });
    const holds = (quote: SelectedQuote) => textOf(passages, quote).includes(metadata.answer);
    if (best.some(holds)) sums.best += 1;
    if (quotes.some(holds)) sums.all += 1;
    if (quotes.length === 0) sums.silent += 1;
    if (selectQuotes({ question: text }, asPassages(others)).length === 0) sums.silentWithout += 1;
    sums.quotes += quotes.length;
    sums.characters += quotes.reduce((sum, { start, end }) => sum + end - start, 0);
  }
  const share = (sum: number) => Math.round((sum / questions.length) * 1000) / 1000;
  return {
    questions: questions.length,
    answeredByBest: share(sums.best),
    answered: share(sums.all),
    quotes: share(sums.quotes),
    characters: share(sums.characters),
    silentWithGold: share(sums.silent),
    silentWithoutGold: share(sums.silentWithout),
  };
}

function lines(path: string): Line[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

function asPassages(paragraphs: readonly Line[]): QuotablePassage[] {
  return paragraphs.map(({ title = '', text }, index) => ({ number: index + 1, title, headingPath: [], text }));
}

function textOf(passages: readonly QuotablePassage[], { passage, start, end }: SelectedQuote): string {
  return passages[passage - 1]?.text.slice(start, end) ?? '';
}

/** Okapi BM25, k1 0.9, b 0.4, over everything; ranks all of it. */
function bm25(corpus: readonly Line[]): (query: string) => Line[] {
  const counts = corpus.map(({ text }) => {
    const count = new Map<string, number>();
    for (const { stem } of termsOf(text)) count.set(stem, (count.get(stem) ?? 0) + 1);
    return count;
  });
  const lengths = counts.map((count) => [...count.values()].reduce((sum, value) => sum + value, 0));
  const mean = lengths.reduce((sum, value) => sum + value, 0) / lengths.length;
  return (query) => {
    const scores = corpus.map(() => 0);
    for (const stem of new Set(termsOf(query).map((term) => term.stem))) {
      const holding = counts.filter((count) => count.has(stem)).length;
      const idf = Math.log(1 + (corpus.length - holding + 0.5) / (holding + 0.5));
      for (const [index, count] of counts.entries()) {
        const frequency = count.get(stem) ?? 0;
        const norm = 0.9 * (0.6 + (0.4 * (lengths[index] ?? 0)) / mean);
        scores[index] = (scores[index] ?? 0) + (idf * frequency * 1.9) / (frequency + norm);
      }
    }
    return corpus
      .map((paragraph, index) => ({ paragraph, score: scores[index] ?? 0 }))
      .sort((one, other) => other.score - one.score)
      .map(({ paragraph }) => paragraph);
  };
}

if (import.meta.main) {
  const folder = process.argv[2];
  if (folder === undefined) throw new Error('Which folder? node bench/extractive.ts <folder of xquad-en>');
  console.log(measureExtractive(folder));
}
