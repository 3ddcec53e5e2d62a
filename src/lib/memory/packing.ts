/** Characters of one token: about right for English, on the safe side for most. */
const CHARACTERS_PER_TOKEN = 4;

export function tokensOf(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

export type Packable = { content: string };
const contentOf = ({ content }: Packable) => content;

/**
 * The best of a ranking that fit a budget of tokens, in its order. What says the same as one that is in already is left
 * out; what differs from it by a number, a name, a negation, the order or any other telling word is not the same. What does not fit
 * is passed over, so that a long memory does not keep short ones out. `textOf`: all that is given of one.
 */
export function packWithin<Item extends Packable>(
  ranked: readonly Item[],
  budgetTokens: number,
  textOf: (item: Item) => string = contentOf,
): Item[] {
  const packed: Item[] = [];
  const said = new Set<string>();
  let left = budgetTokens;
  for (const item of ranked) {
    const text = textOf(item);
    const tokens = tokensOf(text);
    if (tokens > left) continue;
    const telling = tellingWords(text);
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
 * to Bergen is not from Bergen to Oslo. So does every sign but the end of a sentence: -5 is not 5, C++ not C, and a question no
 * answer. */
function tellingWords(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .split(/\s+/u)
    .map((word) => word.replaceAll(/^["'“”‘’«»]+|[.,;:!"'“”‘’«»。！]+$/gu, ''))
    .filter((word) => word !== '' && !WEIGHTLESS.has(word))
    .join(' ');
}
