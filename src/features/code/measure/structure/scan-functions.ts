import type { Token } from '../tokens/scan.ts';
import { type Mark, type Structure, structureFrom } from './structure.ts';

const DECISIONS = new Set(['if', 'for', 'while', 'catch', 'case', 'guard', 'repeat', '&&', '||', '?:', '??']);
const NESTS = new Set(['if', 'for', 'while', 'catch', 'when', 'switch', 'match', 'repeat']);
const CLASSES = new Set(['class', 'object', 'interface', 'struct', 'trait', 'enum', 'protocol', 'actor']);
const OPENING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** How far is looked for the end of what has no braces: a line of a megabyte must not be walked from each of its words. */
const FARTHEST = 2_000;

type Piece = { readonly text: string; readonly token: Token };
/** `close`: the closing place of each bracket. `within`: the bracket that a piece stands directly in; -1 for none. */
type Brackets = { readonly close: ReadonlyMap<number, number>; readonly within: Int32Array };

/**
 * Finds functions by the word before their name and the braces behind it: for languages without a grammar. Functions without
 * braces (`fun f() = …`) end where their line does, and arms of Kotlin's `when` count by their arrows.
 */
export function scanFunctions(text: string, tokens: readonly Token[], functionWord: string): Structure {
  const pieces = tokens
    .filter(({ kind }) => kind !== 'comment')
    .map((token) => ({ token, text: token.kind === 'string' ? '""' : text.slice(token.start, token.end) }));
  const brackets = bracketsOf(pieces);
  const whens = new Set<number>();
  const marks = pieces.flatMap((piece, at) => {
    if (piece.text === 'when') whens.add(openingBehind(pieces, brackets, at));
    if (piece.text === functionWord) return [functionMark(pieces, brackets, at)];
    if (CLASSES.has(piece.text) && isDeclared(pieces, at)) {
      return [mark('class', piece, endOf(pieces, brackets, at), pieces[at + 1]?.text ?? '')];
    }
    return branchMarks(pieces, brackets, whens, at);
  });
  return structureFrom(marks);
}

function branchMarks(pieces: readonly Piece[], brackets: Brackets, whens: ReadonlySet<number>, at: number): Mark[] {
  const piece = pieces[at] as Piece;
  const before = pieces[at - 1]?.text;
  const arm = piece.text === '->' && before !== 'else' && whens.has(brackets.within[at] ?? -1);
  const found = arm || isDecision(pieces, at) ? [mark('decision', piece, piece)] : [];
  const nests = NESTS.has(piece.text) && before !== '.' && !(piece.text === 'if' && before === 'else');
  return nests ? [...found, mark('nest', piece, endOf(pieces, brackets, at))] : found;
}

function openingBehind(pieces: readonly Piece[], brackets: Brackets, at: number): number {
  const next = pieces[at + 1]?.text === '(' ? (brackets.close.get(at + 1) ?? at) + 1 : at + 1;
  return pieces[next]?.text === '{' ? next : -2;
}

function isDecision(pieces: readonly Piece[], at: number): boolean {
  const { text } = pieces[at] as Piece;
  if (text === '?' && pieces[at + 1]?.text === ':') return true;
  if (!DECISIONS.has(text) || pieces[at - 1]?.text === '.') return false;
  // Scala and Swift: `case class`, `enum E { case a }`; a case that decides has an arrow or a colon behind it.
  if (text !== 'case') return true;
  if (CLASSES.has(pieces[at + 1]?.text ?? '')) return false;
  const line = pieces[at]?.token.line;
  return pieces
    .slice(at, at + 40)
    .some((piece) => piece.token.line === line && (piece.text === '=>' || piece.text === ':'));
}

function isDeclared(pieces: readonly Piece[], at: number): boolean {
  const next = pieces[at + 1];
  return next?.token.kind === 'word' && !['.', '::'].includes(pieces[at - 1]?.text ?? '');
}

function functionMark(pieces: readonly Piece[], brackets: Brackets, at: number): Mark {
  const near = pieces.slice(at + 1, at + 60).findIndex((piece) => piece.text === '(' || piece.text === '{');
  const open = near < 0 || pieces[at + 1 + near]?.text === '{' ? -1 : at + 1 + near;
  const close = brackets.close.get(open) ?? at;
  // Behind a receiver: `fun String.shout()`; before type parameters: `def only[T](…)`.
  const last = pieces[open - 1];
  const name = (last?.token.kind === 'word' ? last : pieces[at + 1])?.text ?? '';
  const made = mark('function', pieces[at] as Piece, endOf(pieces, brackets, close), name);
  return { ...made, parameters: open < 0 ? 0 : parametersBetween(pieces, brackets, open, close) };
}

/** The brace that closes the block behind a place, or the end of its line where there is none. */
function endOf(pieces: readonly Piece[], { close }: Brackets, from: number): Piece {
  const line = pieces[from]?.token.endLine ?? 0;
  let at = from;
  while (at + 1 < Math.min(pieces.length, from + FARTHEST)) {
    const next = pieces[at + 1] as Piece;
    if (next.token.line > line + (next.text === '{' ? 1 : 0)) break;
    at++;
    const closing = close.get(at);
    if (closing === undefined) continue;
    at = closing;
    if (next.text === '{') break;
  }
  return pieces[at] as Piece;
}

function parametersBetween(pieces: readonly Piece[], brackets: Brackets, open: number, close: number): number {
  if (close <= open + 1) return 0;
  let count = 1;
  for (let at = open + 1; at < close; at++) {
    if (pieces[at]?.text === ',' && at < close - 1) count++;
    at = brackets.close.get(at) ?? at;
  }
  return count;
}

/** Brackets that do not fit are left out; only the innermost 20 are looked at for a partner. */
function bracketsOf(pieces: readonly Piece[]): Brackets {
  const close = new Map<number, number>();
  const within = new Int32Array(pieces.length).fill(-1);
  const open: number[] = [];
  for (const [at, { text }] of pieces.entries()) {
    if (text === ')' || text === ']' || text === '}') {
      const near = open.slice(-20);
      const from = near.findLastIndex((place) => OPENING[pieces[place]?.text ?? ''] === text);
      if (from >= 0) {
        close.set(near[from] as number, at);
        open.length -= near.length - from;
      }
    }
    within[at] = open.at(-1) ?? -1;
    if (text in OPENING) open.push(at);
  }
  return { close, within };
}

function mark(kind: Mark['kind'], from: Piece, to: Piece, name = ''): Mark {
  const { start, line } = from.token;
  return { kind, start, end: to.token.end, line, endLine: to.token.endLine, name, parameters: 0 };
}
