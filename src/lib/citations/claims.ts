import type { Span } from '../chunking/block.ts';
import { splitSentences } from '../chunking/sentences.ts';
import { isStopWord } from '../extractive/stop-words.ts';
import { termsOf } from '../extractive/terms.ts';
import { findMarkers, type MarkerGroup } from './markers.ts';

/** A sentence of an answer, or the clause of it, for which markers vouch. */
export type Claim = Span & {
  /** The text without any marker. */
  text: string;
  /** The passages that it cites. */
  numbers: readonly number[];
};

const LIST_MARK = /^(?:[-*•]|\d{1,3}[.)]|#{1,6})\s+/;

/** What an answer claims with citations, in order. Where a sentence has markers in several places, each vouches for the part
 * since the one before. */
export function claimsOf(answer: string): Claim[] {
  const groups = findMarkers(answer);
  if (groups.length === 0) return [];
  const blank = withoutMarkers(answer, groups);
  const sentences = splitSentences(blank).filter(({ start, end }) => /[\p{L}\p{N}]/u.test(blank.slice(start, end)));
  const bySentence = Map.groupBy(groups, (group) => sentenceOf(blank, sentences, group));
  return [...bySentence].flatMap(([sentence, markers]) => (sentence ? clausesOf(blank, sentence, markers) : []));
}

/** The same length, with markers as spaces, so that "It is so. [1] And so" falls apart where a reader sees it. */
function withoutMarkers(answer: string, groups: readonly MarkerGroup[]): string {
  const pieces = groups.map(({ start, end }, index) => {
    const from = groups[index - 1]?.end ?? 0;
    return answer.slice(from, start) + ' '.repeat(end - start);
  });
  return pieces.join('') + answer.slice(groups.at(-1)?.end ?? 0);
}

function sentenceOf(blank: string, sentences: readonly Span[], group: MarkerGroup): Span | undefined {
  const around = sentences.find(({ start, end }) => start <= group.start && group.end <= end);
  if (around) return around;
  const before = sentences.findLast(({ end }) => end <= group.start);
  const after = sentences.find(({ start }) => start >= group.end);
  return leadsItsLine(blank, group) ? (after ?? before) : (before ?? after);
}

/** "[1] The tower is …" as in a list of findings: the marker speaks for what follows it on its line. */
function leadsItsLine(blank: string, { start, end }: MarkerGroup): boolean {
  const lineStart = blank.lastIndexOf('\n', start - 1) + 1;
  const newline = blank.indexOf('\n', end);
  const after = blank.slice(end, newline === -1 ? blank.length : newline);
  return /^\s*(?:[-*•]|\d{1,3}[.)])?\s*$/.test(blank.slice(lineStart, start)) && /[\p{L}\p{N}]/u.test(after);
}

function clausesOf(blank: string, sentence: Span, markers: readonly MarkerGroup[]): Claim[] {
  const clauses: Claim[] = [];
  let start = sentence.start;
  for (const [index, group] of markers.entries()) {
    const isLast = index === markers.length - 1;
    const end = isLast ? sentence.end : Math.min(group.start, sentence.end);
    const from = saysEnough(blank.slice(start, end)) ? start : sentence.start;
    clauses.push(claim(blank, from, end, group.numbers));
    start = Math.min(group.end, sentence.end);
  }
  return clauses;
}

/** "… and more [2]" is not a claim by itself. */
function saysEnough(clause: string): boolean {
  return termsOf(clause).filter(({ start, end }) => !isStopWord(clause.slice(start, end))).length >= 2;
}

/** Without list marks, blanks and the marker at its end. */
function claim(blank: string, from: number, to: number, numbers: readonly number[]): Claim {
  const raw = blank.slice(from, to);
  const lead = /^[\s,;:]*/.exec(raw)?.[0].length ?? 0;
  const start = from + lead + (LIST_MARK.exec(raw.slice(lead))?.[0].length ?? 0);
  const text = withoutLooseStop(blank.slice(start, to));
  return { start, end: start + text.length, text, numbers };
}

/** A stop behind a marker ("it is so [1].") stands apart from the words, and is left out. */
function withoutLooseStop(text: string): string {
  const trimmed = text.trimEnd();
  const stop = /[.!?…:;,]*$/.exec(trimmed.slice(-5))?.[0].length ?? 0;
  const words = trimmed.slice(0, trimmed.length - stop);
  return words.trimEnd() === words ? trimmed : words.trimEnd();
}
