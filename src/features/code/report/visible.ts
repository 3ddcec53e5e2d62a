/** Control characters, and those that turn the direction of what follows, are not seen at all or end a line. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;
const LONGEST = 1_000;

/** Text of a code base in one line of bounded length, in which nothing hides: what is not seen is written as `\u{202e}`. */
export function visible(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return cut
    .replaceAll(/[\t\r\n]+/g, ' ')
    .replaceAll(UNSEEN, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
