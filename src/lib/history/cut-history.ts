/** Bytes of a token, on the safe side: English and code have four or more, no script has fewer than two. */
const BYTES_PER_TOKEN = 3;

/** More tokens than most tokenizers make of a text. */
export function tokensOfText(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/**
 * The newest turns that fit a budget of tokens, oldest first. A turn is a question with all that followed it until the next
 * one: answers, tool calls, their results. It stays or goes as a whole. The oldest go first, and with one that goes all before it, so
 * that what is left has no hole. The newest one is the question: it always stays.
 */
export function cutHistory<Turn extends { tokens: number }>(turns: readonly Turn[], budget: number): readonly Turn[] {
  let left = budget;
  let first = turns.length;
  for (const { tokens } of turns.toReversed()) {
    left -= tokens;
    if (left < 0 && first < turns.length) break;
    first -= 1;
  }
  return turns.slice(first);
}
