import { wordsOf } from '../words/words-of.ts';

/** Characters of one token: about right for English, on the safe side for most. */
const CHARACTERS_PER_TOKEN = 4;

export function tokensOf(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

export type Packable = { content: string };

/**
 * The best of a ranking that fit a budget of tokens, in its order. What says the same as one that is in already is left
 * out; what differs from it by a number, a name, a negation or any other telling word is not the same. What does not fit
 * is passed over, so that a long memory does not keep short ones out.
 */
export function packWithin<Item extends Packable>(ranked: readonly Item[], budgetTokens: number): Item[] {
  const packed: { item: Item; words: ReadonlySet<string> }[] = [];
  let left = budgetTokens;
  for (const item of ranked) {
    const tokens = tokensOf(item.content);
    if (tokens > left) continue;
    const words = new Set(wordsOf(item.content));
    if (packed.some((other) => saySame(words, other.words))) continue;
    packed.push({ item, words });
    left -= tokens;
  }
  return packed.map(({ item }) => item);
}

/** Words that may come or go without another meaning. */
const WEIGHTLESS = new Set(
  'a an the is are was were am be been i my me we our you your he she it they his her their of to in on at and that this also just really very so well oh yes please'.split(
    ' ',
  ),
);

/** Whether two texts say the same: no telling word of either is missing in the other. A contradiction always has one. */
export function saySame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  const missing = (from: ReadonlySet<string>, there: ReadonlySet<string>) =>
    [...from].some((word) => !there.has(word) && !WEIGHTLESS.has(word));
  return !missing(one, other) && !missing(other, one);
}
