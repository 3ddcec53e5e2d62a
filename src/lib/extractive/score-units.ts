import { answerKindFit, type Question } from './question.ts';
import { likeness, type Term, termsOf } from './terms.ts';
import { type Unit, unitsOf } from './units.ts';

export type QuotablePassage = {
  /** What a marker `[n]` refers to. */
  number: number;
  title: string;
  headingPath: readonly string[];
  text: string;
};

export type ScoredUnit = Unit & {
  /** Its passage's place in the list, from 0. */
  passage: number;
  /** Its place among the units of its passage, from 0. */
  place: number;
  /** How much of the question's weight it holds itself, 0 to 1. */
  coverage: number;
  /** Higher is better; comparable within one question only. */
  score: number;
};

/** Found by search on the SQuAD sample of bench/extractive.ts; the rate moves by less than a point around each. */
export const WEIGHTS = {
  /** A question's word in the sentence before counts this much: "It opened in 1889." */
  previous: 0.25,
  next: 0.05,
  /** … in the title or the headings above. */
  heading: 0.4,
  /** … anywhere else in the passage. */
  passage: 0.2,
  /** An answer of the kind that was asked for. */
  kind: 0.12,
  /** The matched words stand close together, in the question's order. */
  proximity: 0.15,
  /** Earlier passages were ranked higher by the search. */
  rank: 0.05,
  /** Taken off for each 40 words beyond the first 40. */
  length: 0.05,
};

export type Weights = typeof WEIGHTS;

type Candidate = {
  unit: Unit;
  passage: number;
  place: number;
  sentence: string;
  terms: readonly Term[];
  matches: readonly number[];
};

/** Every quotable unit with its score, in reading order. */
export function scoreUnits(
  question: Question,
  passages: readonly QuotablePassage[],
  weights: Weights = WEIGHTS,
): ScoredUnit[] {
  const candidates = passages.map((passage, index) => candidatesOf(question, passage, index));
  const rarities = raritiesOf(question, candidates.flat());
  return passages.flatMap((passage, index) => {
    const own = candidates[index] ?? [];
    const heading = matchesOf(question, termsOf([passage.title, ...passage.headingPath].join(' ')));
    const above = ({ unit: { head } }: Candidate) =>
      head === null
        ? heading
        : strongest(heading, matchesOf(question, termsOf(passage.text.slice(head.start, head.end))));
    const anywhere = own.reduce<readonly number[]>(
      (best, { matches }) => strongest(best, matches),
      heading.map(() => 0),
    );
    return own.map((candidate, place): ScoredUnit => {
      const context = contextOf(own, place, above(candidate), anywhere, weights);
      const coverage = weighted(candidate.matches, rarities);
      const inContext = weighted(strongest(candidate.matches, context), rarities);
      const score = inContext + bonuses(question, candidate, coverage, weights);
      return { ...candidate.unit, passage: index, place, coverage, score };
    });
  });
}

function candidatesOf(question: Question, passage: QuotablePassage, index: number): Candidate[] {
  return unitsOf(passage.text).map((unit, place) => {
    const sentence = passage.text.slice(unit.start, unit.end);
    const terms = termsOf(sentence);
    return { unit, passage: index, place, sentence, terms, matches: matchesOf(question, terms) };
  });
}

function strongest(one: readonly number[], other: readonly number[]): number[] {
  return one.map((match, q) => Math.max(match, other[q] ?? 0));
}

/** For each stem of the question, how well the best of `terms` matches it, 0 to 1. */
function matchesOf(question: Question, terms: readonly Term[]): number[] {
  return question.stems.map((stem) => terms.reduce((best, term) => Math.max(best, likeness(stem, term.stem)), 0));
}

/** Robertson and Spärck Jones's inverse frequency, over the units: a word of every sentence tells none of them apart. */
function raritiesOf(question: Question, candidates: readonly Candidate[]): number[] {
  return question.stems.map((_, q) => {
    const holding = candidates.filter(({ matches }) => (matches[q] ?? 0) > 0).length;
    return Math.log(1 + (candidates.length - holding + 0.5) / (holding + 0.5));
  });
}

function contextOf(
  units: readonly Candidate[],
  place: number,
  heading: readonly number[],
  anywhere: readonly number[],
  weights: Weights,
): number[] {
  const previous = units[place - 1]?.matches ?? [];
  const next = units[place + 1]?.matches ?? [];
  return heading.map((match, q) =>
    Math.max(
      weights.heading * match,
      weights.previous * (previous[q] ?? 0),
      weights.next * (next[q] ?? 0),
      weights.passage * (anywhere[q] ?? 0),
    ),
  );
}

/** The share, 0 to 1, of the question's weight that `matches` hold. */
function weighted(matches: readonly number[], rarities: readonly number[]): number {
  const all = rarities.reduce((sum, rarity) => sum + rarity, 0);
  return all === 0 ? 0 : matches.reduce((sum, match, q) => sum + match * (rarities[q] ?? 0), 0) / all;
}

function bonuses(
  question: Question,
  { sentence, terms, passage }: Candidate,
  coverage: number,
  weights: Weights,
): number {
  const excess = Math.max(0, terms.length - 40) / 40;
  return (
    weights.kind * answerKindFit(question.kind, sentence, terms, question) +
    weights.proximity * coverage * proximity(question, terms) +
    weights.rank / (passage + 1) -
    weights.length * excess
  );
}

/** The share of neighbouring pairs of the question whose words stand at most four words apart, in the same order. */
function proximity({ stems }: Question, terms: readonly Term[]): number {
  if (stems.length < 2) return 0;
  const places = stems.map((stem) => terms.flatMap((term, place) => (likeness(stem, term.stem) > 0 ? [place] : [])));
  let close = 0;
  for (let q = 1; q < stems.length; q += 1) {
    const near = places[q - 1]?.some((from) => places[q]?.some((to) => to > from && to - from <= 4));
    if (near) close += 1;
  }
  return close / (stems.length - 1);
}
