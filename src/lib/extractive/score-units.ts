import type { Span } from '../chunking/block.ts';
import { answerKindFit, type Question } from './question.ts';
import { isPair, likeness, type Term, termsOf } from './terms.ts';
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
  /** How much of the question it is about, with its headings and half of what the unit before adds; 0 to 1. Weighs more
   * than `score` what the question names, and what no passage has. */
  coverage: number;
  /** Higher is better; comparable within one question only. */
  score: number;
};

/** Each from 0 to 1. What others hold counts only as far as the unit does not hold it itself. */
export type Features = {
  /** The share of the question's weight that the unit holds. */
  own: number;
  /** … that the title, the headings above, or the head of its table add. */
  heading: number;
  /** … that the unit before adds: "It opened in 1889." */
  previous: number;
  /** The same again when it begins with a word that points back. */
  pointsBack: number;
  next: number;
  /** The share that the passage holds as a whole. */
  wholePassage: number;
  /** It could hold an answer of the kind that was asked for. */
  kind: number;
  /** The question's words stand close together and in its order. */
  proximity: number;
  /** 1 for the first passage, 1/2 for the second: the search ranked them. */
  rank: number;
  /** Words beyond the first 40, in forties. */
  excess: number;
  /** Under five words: a caption or a rest. */
  scrap: number;
};

/**
 * In log-odds: listwise logistic regression on half of the SQuAD sample gave these, rounded, and the other half agrees
 * (bench/extractive.ts). Set by hand are `heading`, because that sample has none, `excess` and `scrap`, for the reader's
 * sake, and `rank`, lower than fitted (2.8), because there the right paragraph nearly always comes first.
 */
export const WEIGHTS: Readonly<Features> = {
  own: 7,
  heading: 3,
  previous: 1.5,
  pointsBack: 1,
  next: 0.5,
  wholePassage: 2,
  kind: 1.7,
  proximity: 1.4,
  rank: 1,
  excess: -0.5,
  scrap: -1,
};

type Candidate = Unit & { sentence: string; terms: readonly Term[]; matches: readonly number[] };

/** Every quotable unit with its score, in reading order. */
export function scoreUnits(question: Question, passages: readonly QuotablePassage[]): ScoredUnit[] {
  return unitFeatures(question, passages).map(({ features, coverage, unit, passage }) => ({
    ...unit,
    passage,
    coverage,
    score: scoreOf(features),
  }));
}

function scoreOf(features: Features): number {
  return (Object.keys(WEIGHTS) as (keyof Features)[]).reduce((sum, name) => sum + WEIGHTS[name] * features[name], 0);
}

type UnitFeatures = { features: Features; coverage: number; unit: Unit; passage: number };

/** For scoring, and for whoever fits the weights. */
export function unitFeatures(question: Question, passages: readonly QuotablePassage[]): UnitFeatures[] {
  const candidates = passages.map((passage) => candidatesOf(question, passage.text));
  const rarities = raritiesOf(question, candidates.flat());
  const share = shareOf(rarities);
  const evidence = shareOf(evidenceWeights(question, rarities, candidates.flat()));
  return passages.flatMap((passage, index) => {
    const units = candidates[index] ?? [];
    const around = surroundings(question, passage, units);
    return units.map(({ start, end, kind, head }, place) => ({
      unit: { start, end, kind, head },
      passage: index,
      features: featuresOf(question, units, place, around, share, index),
      coverage: coverageOf(units, place, around, evidence),
    }));
  });
}

type Surroundings = { above: (unit: Unit) => readonly number[]; everywhere: readonly number[] };

function surroundings(
  question: Question,
  { title, headingPath, text }: QuotablePassage,
  units: readonly Candidate[],
): Surroundings {
  const headings = matchesOf(question, termsOf([title, ...headingPath].join(' ')));
  const inHead = (span: Span) => strongest(headings, matchesOf(question, termsOf(text.slice(span.start, span.end))));
  const everywhere = units.reduce((best, { matches }) => strongest(best, matches), headings);
  return { above: ({ head }) => (head === null ? headings : inHead(head)), everywhere };
}

function coverageOf(
  units: readonly Candidate[],
  place: number,
  { above }: Surroundings,
  evidence: (matches: readonly number[]) => number,
): number {
  const unit = units[place] as Candidate;
  const held = strongest(unit.matches, above(unit));
  const before = units[place - 1]?.matches ?? [];
  return (evidence(held) + evidence(strongest(held, before))) / 2;
}

/** Words that point back to what was said before. */
const POINTS_BACK =
  /^(?:it|its|he|his|she|her|they|their|this|these|that|those|such|the (?:former|latter|company|city|book|battle|law|game|treaty|two|three)|er|sie|es|dies\p{L}*|il|elle|ils|elles|cette?|ces|esta?|este|estos)(?!\p{L})/iu;

function featuresOf(
  question: Question,
  units: readonly Candidate[],
  place: number,
  { above, everywhere }: Surroundings,
  share: (matches: readonly number[]) => number,
  passage: number,
): Features {
  const unit = units[place] as Candidate;
  const own = share(unit.matches);
  const gain = (matches: readonly number[] | undefined) =>
    matches === undefined ? 0 : share(strongest(unit.matches, matches)) - own;
  const previous = gain(units[place - 1]?.matches);
  return {
    own,
    heading: gain(above(unit)),
    previous,
    pointsBack: POINTS_BACK.test(unit.sentence) ? previous : 0,
    next: gain(units[place + 1]?.matches),
    wholePassage: share(everywhere),
    kind: answerKindFit(question.kind, unit.sentence, unit.terms, question),
    proximity: own * proximity(question, unit.terms),
    rank: 1 / (passage + 1),
    excess: Math.max(0, unit.terms.length - 40) / 40,
    scrap: unit.terms.length < 5 ? 1 : 0,
  };
}

function candidatesOf(question: Question, text: string): Candidate[] {
  return unitsOf(text).map((unit) => {
    const sentence = text.slice(unit.start, unit.end);
    const terms = termsOf(sentence);
    return { ...unit, sentence, terms, matches: matchesOf(question, terms) };
  });
}

function strongest(one: readonly number[], other: readonly number[]): readonly number[] {
  return one.map((match, q) => Math.max(match, other[q] ?? 0));
}

/** For each stem of the question, how well the best of `terms` matches it, 0 to 1. */
function matchesOf(question: Question, terms: readonly Term[]): readonly number[] {
  return question.stems.map((stem) => terms.reduce((best, term) => Math.max(best, likeness(stem, term.stem)), 0));
}

/** Robertson and Spärck Jones's inverse frequency, over the units: a word of every sentence tells none of them apart. */
function raritiesOf(question: Question, candidates: readonly Candidate[]): readonly number[] {
  return question.stems.map((_, q) => {
    const holding = candidates.filter(({ matches }) => (matches[q] ?? 0) > 0).length;
    return Math.log(1 + (candidates.length - holding + 0.5) / (holding + 0.5)) + 1;
  });
}

/** The search saw all documents: a word, above all a name, that is in none of the passages is likely in no document. */
const NAME_WEIGHT = 1.5;
const ABSENT_WEIGHT = 1.5;

function evidenceWeights(
  { stems, names }: Question,
  rarities: readonly number[],
  candidates: readonly Candidate[],
): readonly number[] {
  return stems.map((stem, q) => {
    const absent = !isPair(stem) && candidates.every(({ matches }) => matches[q] === 0);
    return (rarities[q] ?? 0) * (names.has(stem) ? NAME_WEIGHT : 1) * (absent ? ABSENT_WEIGHT : 1);
  });
}

/** The share, 0 to 1, of the question's weight that matches hold. */
function shareOf(rarities: readonly number[]): (matches: readonly number[]) => number {
  const all = rarities.reduce((sum, rarity) => sum + rarity, 0);
  return (matches) => (all === 0 ? 0 : matches.reduce((sum, match, q) => sum + match * (rarities[q] ?? 0), 0) / all);
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
