import { wordsOf } from '../words/words-of.ts';

/** Characters of one token: about right for English, on the safe side for most. */
const CHARACTERS_PER_TOKEN = 4;

export function tokensOf(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

export type Packable = { content: string };

/**
 * The best of a ranking that fit a budget of tokens, in its order. What says the same as one that is in already is left
 * out; what differs from it by a number, a name, a negation, the order or any other telling word is not the same. What does not fit
 * is passed over, so that a long memory does not keep short ones out.
 */
export function packWithin<Item extends Packable>(ranked: readonly Item[], budgetTokens: number): Item[] {
  const packed: Item[] = [];
  const said = new Set<string>();
  let left = budgetTokens;
  for (const item of ranked) {
    const tokens = tokensOf(item.content);
    if (tokens > left) continue;
    const telling = tellingWords(item.content);
    if (said.has(telling)) continue;
    said.add(telling);
    packed.push(item);
    left -= tokens;
  }
  return packed;
}

/** Words that may come or go without another meaning. No tense, no place, no other person: those tell something. */
const WEIGHTLESS = new Set(
  'a an the is are am i my me you your this that also just really very so well oh yes please'.split(' '),
);

/** The telling words of a text in their order: two texts say the same where these are the same. Order tells, too: from Oslo
 * to Bergen is not from Bergen to Oslo. */
function tellingWords(text: string): string {
  return wordsOf(text)
    .filter((word) => !WEIGHTLESS.has(word))
    .join(' ');
}
