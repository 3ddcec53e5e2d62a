import { readQuestion } from './question.ts';
import { type QuotablePassage, type ScoredUnit, scoreUnits } from './score-units.ts';

/** A stretch of a passage that is worth quoting. */
export type SelectedQuote = {
  /** The passage's number. */
  passage: number;
  /** UTF-16 offsets into the passage's text, end exclusive. */
  start: number;
  end: number;
  kind: 'sentence' | 'row' | 'code';
  /** A row's table head with the rule under it, in the same text. */
  head: { start: number; end: number } | null;
};

export const LIMITS = {
  quotes: 3,
  /** Under this share of the question, a sentence has at most met its words by chance: 96 of 100 random passages are under
   * it, and 2 of 100 right ones. */
  leastCoverage: 0.21,
  /** The same for questions of up to three words, where one of them alone says little. */
  leastOfShort: 0.3,
  /** Further quotes may score this much less than the best one: log-odds. */
  nearBest: 1.5,
};

/** Words that tell something. */
const SHORT = 3;

export type Asked = {
  question: string;
  /** What was asked before, for questions such as "And when was that?"; null at the beginning. */
  before?: string | null;
};

/** The one to three stretches that answer the question best, in reading order; none when nothing comes near. */
export function selectQuotes(
  { question, before = null }: Asked,
  passages: readonly QuotablePassage[],
  limits: typeof LIMITS = LIMITS,
): SelectedQuote[] {
  const read = readQuestion(question, before);
  const least = read.stems.length <= SHORT ? limits.leastOfShort : limits.leastCoverage;
  const candidates = scoreUnits(read, passages)
    .filter(({ coverage }) => coverage >= least)
    .toSorted((one, other) => other.score - one.score);
  const [best] = candidates;
  if (!best) return [];
  const picked: ScoredUnit[] = [];
  for (const unit of candidates) {
    if (picked.length >= limits.quotes || unit.score < best.score - limits.nearBest) break;
    if (!picked.some((other) => sameText(passages, unit, other))) picked.push(unit);
  }
  return picked.toSorted(inReadingOrder).map((unit) => selected(passages, unit));
}

/** Overlapping chunks and copied documents say the same twice. */
function sameText(passages: readonly QuotablePassage[], one: ScoredUnit, other: ScoredUnit): boolean {
  return textOf(passages, one) === textOf(passages, other);
}

function textOf(passages: readonly QuotablePassage[], { passage, start, end }: ScoredUnit): string {
  return passages[passage]?.text.slice(start, end) ?? '';
}

function inReadingOrder(one: ScoredUnit, other: ScoredUnit): number {
  return one.passage - other.passage || one.start - other.start;
}

function selected(
  passages: readonly QuotablePassage[],
  { passage, start, end, kind, head }: ScoredUnit,
): SelectedQuote {
  return { passage: passages[passage]?.number ?? 0, start, end, kind, head };
}
