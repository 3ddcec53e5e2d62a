import {
  ABBREVIATIONS,
  COUNTED_ABBREVIATIONS,
  MONTH_NAMES,
  SENTENCE_STARTERS,
  SOMETIMES_LAST,
} from './abbreviations.ts';
import type { Span } from './block.ts';

/**
 * Where a sentence may end: a stop with its closing quotes, an empty line, or a line that a list mark, a table row
 * or a heading mark follows. `Intl.Segmenter`, though as fast, is not used: it ends sentences after "Dr." and "e.g."
 * and at every line break.
 */
const CANDIDATE =
  /[.!?…。！？｡．؟۔।॥።។၊။]+["'”’»›)\]}）］」』】》〉]*|\n[^\S\n]*\n|\n(?=[^\S\n]*(?:[-*•‣▪|#>]|\d{1,3}[.)])[^\S\n]?)/gu;

/** Full stops that end a sentence whatever follows: their scripts use no space and no abbreviations. */
const ALWAYS_FINAL = /[。！？｡।॥።។။]/u;
const UNSPACED_SCRIPT = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}]/u;
/** 「…。」と言った: the quotation is a part of the sentence that follows it. */
const JAPANESE_GOES_ON = /[とっなのをはがに]/;
const OPENERS = /["'“‘«‹([{¿¡„‚]/;
const LONGEST_ABBREVIATION = 12;

/**
 * The sentences of a text, in order, without the white space around them; together they hold every character that
 * is not white space. Knows abbreviations, initials, decimals, dates and the stops of CJK, Indic and Arabic scripts.
 * A single line break does not end a sentence; an empty line, a list mark or a table row does.
 */
export function splitSentences(text: string): Span[] {
  const sentences: Span[] = [];
  let start = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const end = match.index + match[0].length;
    if (match[0][0] !== '\n' && !endsSentence(text, match.index, end)) continue;
    pushTrimmed(sentences, text, start, end);
    start = end;
  }
  pushTrimmed(sentences, text, start, text.length);
  return sentences;
}

function pushTrimmed(spans: Span[], text: string, from: number, to: number): void {
  let start = from;
  let end = to;
  while (start < end && isSpace(text, start)) start += 1;
  while (end > start && isSpace(text, end - 1)) end -= 1;
  if (end > start) spans.push({ start, end });
}

/** True for every UTF-16 unit that `\s` matches, without the price of a regular expression for each. */
export function isSpace(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  if (code <= 32) return code === 32 || (code >= 9 && code <= 13);
  if (code < 160) return false;
  return code === 160 || code === 0xfeff || (code >= 0x1680 && /\s/.test(text.charAt(index)));
}

/** Decides for the stop at [from, to), closing quotes included. */
function endsSentence(text: string, from: number, to: number): boolean {
  const stop = text.slice(from, to);
  if (to >= text.length) return true;
  if (ALWAYS_FINAL.test(stop)) return !(/[」』]$/.test(stop) && JAPANESE_GOES_ON.test(text.charAt(to)));
  if (!isSpace(text, to)) return UNSPACED_SCRIPT.test(text.slice(to, to + 2)) && !/^\.[)\]]?$/.test(stop);
  const next = nextWord(text, to);
  if (/^[\p{Ll}]/u.test(next)) return false;
  return stop[0] === '.' && stop[1] !== '.' ? endsAtFullStop(text, from, next) : true;
}

function endsAtFullStop(text: string, stop: number, next: string): boolean {
  const start = wordStart(text, stop);
  const word = text.slice(start, stop).toLowerCase();
  if (ABBREVIATIONS.has(word)) return false;
  if (COUNTED_ABBREVIATIONS.has(word)) return !/^(?:\d|[IVXLC]+$|\p{Lu}$)/u.test(next);
  if (SOMETIMES_LAST.has(word)) return /^\p{Lu}/u.test(next);
  if (/^\d{1,3}$/.test(word)) return !isListMark(text, start) && !MONTH_NAMES.has(next) && !/^\d/.test(next);
  // Initials ("J. Smith"), and words with stops inside ("U.S. Army", "Ph.D. students").
  if (/^\p{L}$/u.test(word) || /^(?:\p{L}{1,2}\.)+\p{L}{1,2}$/u.test(word)) return SENTENCE_STARTERS.has(next);
  return true;
}

function isListMark(text: string, start: number): boolean {
  let index = start;
  while (index > 0 && text[index - 1] === ' ' && start - index < LONGEST_ABBREVIATION) index -= 1;
  return index === 0 || text[index - 1] === '\n';
}

/** Where the run of letters, digits and inner stops that ends at `end` begins. */
function wordStart(text: string, end: number): number {
  let start = end;
  while (start > 0 && end - start < LONGEST_ABBREVIATION && !isSpace(text, start - 1)) {
    if (/["'“‘«([/]/.test(text.charAt(start - 1))) break;
    start -= 1;
  }
  return start;
}

/** The word after the white space at `from`, without opening quotes, at most 24 characters of it. */
function nextWord(text: string, from: number): string {
  let start = from;
  while (start < text.length && isSpace(text, start)) start += 1;
  while (start < text.length && OPENERS.test(text.charAt(start))) start += 1;
  return /^[\p{L}\p{N}]*/u.exec(text.slice(start, start + 24))?.[0] ?? '';
}
