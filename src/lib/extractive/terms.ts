/** A word of a text as it is compared: folded and without its ending. */
export type Term = {
  stem: string;
  /** UTF-16 offsets of the word in its text, end exclusive. */
  start: number;
  end: number;
};

const UNSPACED =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Khmer}\\p{Script=Lao}\\p{Script=Myanmar}ー々';
/** A number with its separators, a run of an unspaced script, or a word. */
const WORD = new RegExp(`\\p{N}+(?:[.,’']\\p{N}+)*|[${UNSPACED}]+|(?:(?![${UNSPACED}])[\\p{L}\\p{M}])+|\\p{N}+`, 'gu');
const UNSPACED_RUN = new RegExp(`^[${UNSPACED}]`, 'u');

/** The words of `text` in order. Scripts without spaces, and Hangul
 * with its particles, give overlapping pairs of characters, as search engines do. */
export function termsOf(text: string): Term[] {
  const terms: Term[] = [];
  for (const match of text.matchAll(WORD)) {
    const [word] = match;
    if (UNSPACED_RUN.test(word)) pushPairs(terms, word, match.index);
    else if (word !== 's' || !isApostrophe(text, match.index - 1))
      terms.push({ stem: stemOf(word), start: match.index, end: match.index + word.length });
  }
  return terms;
}

/** Is it a pair of characters of an unspaced script, which may span two words? */
export function isPair(stem: string): boolean {
  return UNSPACED_RUN.test(stem);
}

function isApostrophe(text: string, index: number): boolean {
  return text[index] === "'" || text[index] === '’';
}

function pushPairs(terms: Term[], run: string, offset: number): void {
  const characters = [...run];
  let start = offset;
  for (const [index, character] of characters.entries()) {
    const next = characters[index + 1] ?? '';
    if (next !== '' || characters.length === 1)
      terms.push({ stem: character + next, start, end: start + character.length + next.length });
    start += character.length;
  }
}

const MARKS = /\p{M}/gu;

/** Lower case, without accents and thousands separators. */
export function fold(word: string): string {
  const folded = word.normalize('NFKD').replace(MARKS, '').toLowerCase();
  return /^\p{N}/u.test(folded) ? folded.replace(/[,’'](?=\p{N}{3})/gu, '') : folded;
}

/** English endings, longest first, with what replaces them. Light on purpose: `isSameWord` bridges the rest. */
const ENDINGS: readonly (readonly [ending: RegExp, replacement: string])[] = [
  [/(?:ies|ied)$/, 'y'],
  [/(?:sses)$/, 'ss'],
  [/(?<=[sxz]|[cs]h)es$/, ''],
  [/(?<=[aeiouy].*)(?:ings?|edly|ed)$/, ''],
  [/(?<![su])s$/, ''],
];

const stems = new Map<string, string>();
/** Words repeat: a bounded memory of stems is worth four fifths of the time. */
const MOST_STEMS = 20_000;

function stemOf(word: string): string {
  const known = stems.get(word);
  if (known !== undefined) return known;
  if (stems.size >= MOST_STEMS) stems.clear();
  const stem = computeStem(word);
  stems.set(word, stem);
  return stem;
}

function computeStem(word: string): string {
  const folded = fold(word);
  if (folded.length < 4 || /^\p{N}/u.test(folded)) return folded;
  const ending = ENDINGS.find(([pattern]) => pattern.test(folded));
  if (!ending) return dropSilentE(folded);
  const stem = folded.replace(ending[0], ending[1]);
  if (stem.length < 3) return folded;
  // "stopped" → "stop", but "passed" → "pass" and "called" → "call".
  return dropSilentE(stem.replace(/([bdgmnprt])\1$/, '$1'));
}

/** "use", "used", "using" meet in "us"; short words keep it, or "are" and "ar" would meet as well. */
function dropSilentE(stem: string): string {
  return stem.length > 4 ? stem.replace(/e$/, '') : stem;
}

/** Shortest beginning by which two words may be recognised as kin. */
const SHORTEST_KIN = 5;
const LONGEST_TAIL = 5;

/** 1 for the same stem, 0.7 for words of one family ("intercept", "interception"), 0 otherwise. */
export function likeness(one: string, other: string): number {
  if (one === other) return 1;
  const shared = sharedPrefix(one, other);
  const longest = Math.max(one.length, other.length);
  return shared >= SHORTEST_KIN && longest - shared <= LONGEST_TAIL && shared >= longest * 0.6 ? 0.7 : 0;
}

function sharedPrefix(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  let index = 0;
  while (index < length && one[index] === other[index]) index += 1;
  return index;
}
