import type { Span } from '../chunking/block.ts';
import { likeness, termsOf } from '../extractive/terms.ts';
import { unitsOf } from '../extractive/units.ts';
import { contentTerms } from './support.ts';

/** A second sentence is taken along when it adds this share of the claim's words. */
const WORTH_ADDING = 0.2;

/** A number tells sentences apart better than a word does. */
const NUMBER_WEIGHT = 2;

type Candidate = Span & { matches: readonly number[]; share: number };

/** The sentence of `text`, or two in a row, that says best what the claim says; the first sentence when none says any of it,
 * and the whole of a text without sentences. */
export function bestQuote(claim: string, text: string): Span {
  const stems = [...new Set(contentTerms(claim).map(({ stem }) => stem))];
  const weights = stems.map((stem) => (/^\p{N}/u.test(stem) ? NUMBER_WEIGHT : 1));
  const candidates = unitsOf(text).map(({ start, end }): Candidate => {
    const words = termsOf(text.slice(start, end));
    const matches = stems.map((stem) => words.reduce((best, word) => Math.max(best, likeness(stem, word.stem)), 0));
    return { start, end, matches, share: shareOf(matches, weights) };
  });
  const place = candidates.reduce(
    (best, { share }, index) => (share > (candidates[best]?.share ?? 0) ? index : best),
    0,
  );
  const best = candidates[place];
  if (!best) return { start: 0, end: text.length };
  const pairs = [pair(candidates[place - 1], best, weights), pair(best, candidates[place + 1], weights)].filter(
    (one) => one !== null,
  );
  const wider = pairs.toSorted((one, other) => other.share - one.share)[0];
  const { start, end } = wider && wider.share >= best.share + WORTH_ADDING ? wider : best;
  return { start, end };
}

function pair(one: Candidate | undefined, other: Candidate | undefined, weights: readonly number[]): Candidate | null {
  if (!one || !other) return null;
  const matches = one.matches.map((match, index) => Math.max(match, other.matches[index] ?? 0));
  return { start: one.start, end: other.end, matches, share: shareOf(matches, weights) };
}

function shareOf(matches: readonly number[], weights: readonly number[]): number {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return all === 0 ? 0 : matches.reduce((sum, match, index) => sum + match * (weights[index] ?? 0), 0) / all;
}
