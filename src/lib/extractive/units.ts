import type { Span } from '../chunking/block.ts';
import { splitSentences } from '../chunking/sentences.ts';

/** What can be quoted by itself. */
export type Unit = Span & {
  kind: 'sentence' | 'row' | 'code';
  /** The head of a row's Markdown table with the rule under it; null for every other unit. */
  head: Span | null;
};

const FENCE = /^[^\S\n]*(?:```|~~~)/;
const PIPE_ROW = /^[^\S\n]*\|.*\|[^\S\n]*$/;
const TAB_ROW = /\S\t\s*\S/;
const RULE_ROW = /^[\s|:+=-]+$/;
const HEADING = /^[^\S\n]{0,3}#{1,6}\s/;
const LIST_MARK = /^(?:[-*•‣▪]|\d{1,3}[.)])\s+/;

type LineKind = 'fence' | 'row' | 'rule' | 'heading' | 'prose';
type Line = Span & { kind: LineKind };

/** The quotable units of a passage, in order. Headings and the heads of tables are none: they answer nothing by themselves. */
export function unitsOf(text: string): Unit[] {
  if (looksLikeCode(text)) return codeUnits(text, 0, text.length);
  const lines = linesOf(text);
  const units: Unit[] = [];
  for (let index = 0; index < lines.length; ) {
    const end = endOfRun(lines, index);
    units.push(...runUnits(text, lines.slice(index, end)));
    index = end;
  }
  return units;
}

function runUnits(text: string, lines: readonly Line[]): Unit[] {
  const [first, second] = lines;
  const last = lines.at(-1);
  if (!first || !last) return [];
  switch (first.kind) {
    case 'row':
    case 'rule':
      return rowUnits(lines, second?.kind === 'rule' ? { start: first.start, end: second.end } : null);
    case 'fence':
      return codeUnits(text, first.end, last.kind === 'fence' ? last.start : last.end);
    case 'prose':
      return proseUnits(text, first.start, last.end);
    case 'heading':
      return [];
  }
}

function rowUnits(lines: readonly Line[], head: Span | null): Unit[] {
  const rows = lines.filter(({ start, kind }) => kind === 'row' && start !== head?.start);
  return rows.map(({ start, end }) => ({ start, end, kind: 'row', head }));
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start <= text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    lines.push({ start, end, kind: lineKind(text.slice(start, end)) });
    start = end + 1;
  }
  return lines;
}

function lineKind(line: string): LineKind {
  if (FENCE.test(line)) return 'fence';
  if (HEADING.test(line)) return 'heading';
  if (PIPE_ROW.test(line)) return RULE_ROW.test(line) ? 'rule' : 'row';
  return TAB_ROW.test(line) ? 'row' : 'prose';
}

/** Where the lines that belong together with the one at `from` end. */
function endOfRun(lines: readonly Line[], from: number): number {
  const kind = lines[from]?.kind;
  if (kind === 'fence') return closingFence(lines, from);
  const inTable = kind === 'row' || kind === 'rule';
  const end = lines.findIndex(
    (line, index) => index > from && line.kind !== kind && !(inTable && (line.kind === 'row' || line.kind === 'rule')),
  );
  return end === -1 ? lines.length : end;
}

/** The line after the closing fence; a fence that is never closed ends with the passage. */
function closingFence(lines: readonly Line[], from: number): number {
  const close = lines.findIndex((line, index) => index > from && line.kind === 'fence');
  return close === -1 ? lines.length : close + 1;
}

function proseUnits(text: string, start: number, end: number): Unit[] {
  return splitSentences(text.slice(start, end)).flatMap((span): Unit[] => {
    const sentence = text.slice(start + span.start, start + span.end);
    const mark = LIST_MARK.exec(sentence)?.[0].length ?? 0;
    if (!/[\p{L}\p{N}]/u.test(sentence.slice(mark))) return [];
    return pieces(text, start + span.start + mark, start + span.end, LONGEST_SENTENCE).map((piece) => ({
      ...piece,
      kind: 'sentence',
      head: null,
    }));
  });
}

/** Code by its paragraphs: an empty line is where its author saw an end. */
function codeUnits(text: string, from: number, to: number): Unit[] {
  const units: Unit[] = [];
  for (const match of text.slice(from, to).matchAll(/(?:[^\n]*\S[^\n]*\n?)+/g)) {
    const end = from + match.index + match[0].trimEnd().length;
    for (const piece of pieces(text, from + match.index, end, LONGEST_CODE))
      units.push({ ...piece, kind: 'code', head: null });
  }
  return units;
}

/** In UTF-16 units: what goes on without an end, as minified code and text without stops do, is no quotation. */
const LONGEST_SENTENCE = 800;
const LONGEST_CODE = 1_600;

/** The stretch cut at line ends or, where there are none, at blanks; in the middle of a word only where there is neither. */
function pieces(text: string, start: number, end: number, longest: number): Span[] {
  if (end - start <= longest) return [{ start, end }];
  const room = text.slice(start, start + longest);
  const blank = Math.max(room.lastIndexOf('\n'), room.includes('\n') ? -1 : room.lastIndexOf(' '));
  // Never between the halves of a surrogate pair.
  const whole = /[\uD800-\uDBFF]$/.test(room) ? longest - 1 : longest;
  const cut = start + (blank > 0 ? blank : whole);
  const next = cut + (/^\s*/.exec(text.slice(cut, end))?.[0].length ?? 0);
  return [{ start, end: cut }, ...(next < end ? pieces(text, next, end, longest) : [])];
}

const CODE_LINE =
  /[;{}]\s*$|^\s*(?:\/\/|#include|import\s|from\s\S+\simport|def\s|class\s\w+|return\b|const\s|let\s|var\s|func\s|fn\s|if\s*\(|for\s*\(|}|@\w+)/;

/** Half of its lines, and three at least, read as code: a chunk of a source file comes without fences. */
function looksLikeCode(text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.length >= 3 && lines.filter((line) => CODE_LINE.test(line)).length >= lines.length / 2;
}
