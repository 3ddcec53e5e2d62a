import type { Code, Piece } from './rule.ts';

/** A value that a text takes in. */
export type Insert = {
  /** As it is written: `name`, `row.id`, `names.join(", ")`. */
  readonly written: string;
  /** What stands before it in the text, for who wants to know what it stands for. */
  readonly before: string;
};

/** What is chosen by the program: constants by how they are written, names of classes, counters, numbers of processes. */
const CHOSEN = /^\$?[A-Z][A-Z0-9_]*\b|^(?:\w+\.)*p?pid$|^[ijk]$|^__dirname$|^process\.execPath$|\bclass\.name$/;
const QUOTED = /quote|escape/i;

/** A text with values in it: filled, joined, or formatted. */
export function isBuilt(pieces: readonly Piece[]): boolean {
  const strings = pieces.filter(({ token }) => token.kind === 'string');
  if (strings.length === 0) return false;
  return strings.some(({ token }) => token.filled) || joined(pieces).length > 0 || isFormatted(pieces);
}

function isFormatted(pieces: readonly Piece[]): boolean {
  return pieces.some(({ text: word }, at) => {
    const before = (back: number) => pieces[at - back]?.token.kind === 'string';
    if (word === '%' && before(1)) return true;
    if (word === 'format' && before(2)) return true;
    const called = /^s?printf$|^Sprintf$|^format$|^Format$/i.test(word) && pieces[at + 1]?.text === '(';
    return called && pieces[at + 2]?.token.kind === 'string' && pieces[at + 3]?.text === ',';
  });
}

/** All that is put into the texts, as far as it can be read. */
export function insertsOf(pieces: readonly Piece[]): Insert[] {
  const filled = pieces.flatMap(({ text, token }) => (token.kind === 'string' && token.filled ? fillsOf(text) : []));
  return [...filled, ...joined(pieces)];
}

/** Whether everything that is put in was chosen by the program or quoted by a function that is called so. */
export function isHarmless(pieces: readonly Piece[]): boolean {
  const inserts = insertsOf(pieces);
  return inserts.length > 0 && inserts.every(({ written }) => CHOSEN.test(written) || QUOTED.test(written));
}

function fillsOf(text: string): Insert[] {
  return [...text.matchAll(/[$#]\{([^}]{0,200})\}|\{([^{}]{1,200})\}|\$([a-z_]\w{0,80})/gi)].map((found) => ({
    written: (found[1] ?? found[2] ?? found[3] ?? '').trim(),
    before: text.slice(Math.max(0, found.index - 40), found.index),
  }));
}

/** Values that `+`, `%` and PHP's `.` join to a text. */
function joined(pieces: readonly Piece[]): Insert[] {
  return pieces.flatMap(({ text: mark, token }, at) => {
    const before = pieces[at - 1];
    const after = pieces[at + 1];
    const joins = mark === '+' || mark === '%' || (mark === '.' && `${before?.text}${after?.text}`.includes('$'));
    if (!joins || token.kind !== 'mark' || !before || !after) return [];
    const right = after.token.kind === 'word' && { written: chainFrom(pieces, at + 1), before: endOfText(before) };
    const first = after.token.kind === 'string' && before.token.kind === 'word' && !joinsBefore(pieces, at - 2);
    return [
      ...(right && nearText(pieces, at) ? [right] : []),
      ...(first ? [{ written: before.text, before: '' }] : []),
    ];
  });
}

function joinsBefore(pieces: readonly Piece[], at: number): boolean {
  return pieces[at]?.text === '+' || pieces[at]?.text === '%' || pieces[at]?.text === '.';
}

/** Texts are joined, not numbers: one is next to it, or behind what is joined. */
function nearText(pieces: readonly Piece[], at: number): boolean {
  if (pieces[at - 1]?.token.kind === 'string') return true;
  const next = pieces.slice(at + 1, at + 12).findIndex(({ text }) => text === '+' || text === '.');
  return next >= 0 && pieces[at + 2 + next]?.token.kind === 'string';
}

function endOfText({ text, token }: Piece): string {
  return token.kind === 'string' ? text.slice(0, -1).slice(-40) : '';
}

/** `row.name`, `names.join`: words with dots between them. */
function chainFrom(pieces: readonly Piece[], from: number): string {
  let at = from;
  while (/^(?:\.|\?\.|->|::)$/.test(pieces[at + 1]?.text ?? '') && pieces[at + 2]?.token.kind === 'word') at += 2;
  const chain = pieces.slice(from, at + 1).map(({ text }) => text);
  return chain.join('') + (pieces[at + 1]?.text === '(' ? '(' : '');
}

/** How far back is looked for what a name was given, in pieces. */
const FARTHEST = 300;
const LONGEST_VALUE = 80;
const FUNCTION = /^(?:function|def|func|fn|sub)$/;

/** What was given last to the only word of an argument, in the same function; the argument itself for all others. */
export function resolved({ pieces }: Code, argument: readonly Piece[], at: number): readonly Piece[] {
  const [only] = argument;
  if (argument.length !== 1 || only?.token.kind !== 'word') return argument;
  for (let from = at - 1; from >= Math.max(0, at - FARTHEST); from--) {
    if (FUNCTION.test(pieces[from]?.text ?? '')) return argument;
    if (pieces[from]?.text !== only.text) continue;
    const equals = pieces[from + 1]?.text === ':' ? equalsBehind(pieces, from + 2) : from + 1;
    if (pieces[equals]?.text === '=' || pieces[equals]?.text === '+=') return valueFrom(pieces, equals + 1);
  }
  return argument;
}

/** `name: string = …`, `name := …`. */
function equalsBehind(pieces: readonly Piece[], at: number): number {
  return pieces[at]?.text === '=' ? at : at + 1;
}

function valueFrom(pieces: readonly Piece[], from: number): readonly Piece[] {
  let depth = 0;
  let at = from;
  for (; at < Math.min(pieces.length, from + LONGEST_VALUE); at++) {
    const { text = '', token } = pieces[at] ?? {};
    const before = pieces[at - 1];
    const anew = at > from && depth === 0 && before && token && before.token.endLine < token.line;
    if (anew && !/^[+.%?:|&]/.test(text) && !/^[+.%(\\]$/.test(before.text)) break;
    if (/^[([{]$/.test(text)) depth++;
    if (/^[)\]}]$/.test(text)) depth--;
    if (text === ';' || depth < 0) break;
  }
  return pieces.slice(from, at);
}

/** The arguments of a call, apart by its commas. */
export function argumentsOf(pieces: readonly Piece[]): Piece[][] {
  const all: Piece[][] = [[]];
  let depth = 0;
  for (const piece of pieces) {
    if (/^[([{]$/.test(piece.text)) depth++;
    if (/^[)\]}]$/.test(piece.text)) depth--;
    if (piece.text === ',' && depth === 0) all.push([]);
    else all.at(-1)?.push(piece);
  }
  return all.filter((argument) => argument.length > 0);
}
