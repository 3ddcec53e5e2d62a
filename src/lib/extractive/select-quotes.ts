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
  /** Under this share of the question's weight, a sentence has at most met the question's words by chance. */
  leastCoverage: 0.25,
  /** Further quotes must score at least this share of the best one. */
  nearBest: 0.85,
};

/** The one to three stretches that answer the question best, in reading order; none when nothing comes near. */
export function selectQuotes(
  question: string,
  passages: readonly QuotablePassage[],
  limits: typeof LIMITS = LIMITS,
): SelectedQuote[] {
  const ranked = scoreUnits(readQuestion(question), passages).toSorted((one, other) => other.score - one.score);
  const candidates = ranked.filter(({ coverage }) => coverage >= limits.leastCoverage);
  const [best] = candidates;
  if (!best) return [];
  const picked: ScoredUnit[] = [];
  for (const unit of candidates) {
    if (picked.length >= limits.quotes || unit.score < best.score * limits.nearBest) break;
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
