/** A stretch without white space whose parts belong together: `e-mail`, `node.js`, `o'neill`, `at&t`, `snake_case`, `c++`. */
const COMPOUND = /[\p{L}\p{M}\p{N}]+(?:[-_.&'’ʼ\u2010\u2011][\p{L}\p{M}\p{N}]+)*(?:[+#]{1,2}(?![\p{L}\p{N}]))?/gu;
const CONNECTOR = /[-_.&'’ʼ\u2010\u2011]/u;
const APOSTROPHE = /['’ʼ]/u;
const POSSESSIVE = /['’ʼ]s$/u;
const THOUSANDS = /(?<=\d),(?=\d{3}(?!\d))/g;
const LETTER = /\p{L}/u;

/** Scripts that put no space between words, and Hangul, whose words carry their particles. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
/** Of those, the ones of which two letters in a row are nearly a word. */
const PAIRED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー]+$/u;

/** Longer "words" are hashes and encoded blobs; what follows is cut off, in documents and queries alike. */
const MAX_LENGTH = 64;
/** A compound of more parts is a path, a date or a list, which nobody searches for without its separators. */
const MAX_JOINED_PARTS = 4;

let segmenter: Intl.Segmenter | undefined;

/**
 * The words of a text in the order in which they stand, lower-case and in NFKC: what is counted in a document and looked
 * for in a query, before stemming. A compound gives its parts and the parts joined, so that `e-mail` meets `email`.
 */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  const plain = text.normalize('NFKC').toLowerCase().replace(THOUSANDS, '');
  for (const [compound] of plain.matchAll(COMPOUND)) addCompound(words, compound);
  return words;
}

function addCompound(words: string[], compound: string): void {
  if (!CONNECTOR.test(compound)) {
    addPart(words, compound);
    return;
  }
  const parts = compound.replace(POSSESSIVE, '').split(CONNECTOR);
  const isAcronym = parts.length > 1 && parts.every((part) => part.length === 1 && LETTER.test(part));
  if (!isAcronym) for (const part of parts) addPart(words, part);
  if (isAcronym || isJoinable(parts, compound)) addPart(words, parts.join(''));
}

function isJoinable(parts: readonly string[], compound: string): boolean {
  return parts.length > 1 && parts.length <= MAX_JOINED_PARTS && LETTER.test(compound) && !APOSTROPHE.test(compound);
}

function addPart(words: string[], part: string): void {
  if (UNSPACED.test(part)) addSegments(words, part);
  else words.push(part.length > MAX_LENGTH ? cut(part) : part);
}

function cut(part: string): string {
  const kept = part.slice(0, MAX_LENGTH);
  return kept.isWellFormed() ? kept : kept.slice(0, -1);
}

/** Dictionary words, and the pairs of letters in longer ones, since a query may be segmented otherwise than its answer. */
function addSegments(words: string[], part: string): void {
  segmenter ??= new Intl.Segmenter('und', { granularity: 'word' });
  for (const { segment } of segmenter.segment(part)) {
    const letters = [...segment];
    words.push(cut(segment));
    if (letters.length < 3 || !PAIRED.test(segment)) continue;
    for (const [index, letter] of letters.slice(0, -1).entries()) words.push(letter + letters[index + 1]);
  }
}

/** A Latin word without its accents, so that a query typed without them finds it. Applied to stems, because stemmers need them. */
export function withoutAccents(word: string): string {
  return isAscii(word)
    ? word
    : word
        .normalize('NFD')
        .replace(/(?<=\p{Script=Latin})\p{M}+/gu, '')
        .normalize('NFC');
}

function isAscii(word: string): boolean {
  for (let index = 0; index < word.length; index++) if (word.charCodeAt(index) > 127) return false;
  return true;
}
