import { type Code, closingOf, openingOf, type Piece } from './rule.ts';

/** What an error is caught of: the block that was tried, and what comes when all is caught. */
export type Tried = {
  readonly block: readonly Piece[];
  /** The line of the word `try`. */
  readonly line: number;
  /** The place behind the last `catch` and `finally`. */
  readonly after: number;
};

/** What the `catch` at `at` belongs to; null where it stands for something else, or too far from its `try`. */
export function triedBefore(code: Code, at: number): Tried | null {
  const { pieces } = code;
  let close = at - 1;
  for (let blocks = 0; blocks < 20; blocks++) {
    const open = pieces[close]?.text === '}' ? openingOf(code, close) : -1;
    if (open < 1) return null;
    const head = pieces[open - 1]?.text === ')' ? openingOf(code, open - 1) - 1 : open - 1;
    const word = pieces[head]?.text;
    if (word === 'try') {
      return { block: pieces.slice(open + 1, close), line: pieces[head]?.token.line ?? 0, after: behindAll(code, at) };
    }
    if (word !== 'catch') return null;
    close = head - 1;
  }
  return null;
}

/** The place behind the `catch` at `at` and all that belong to the same `try`. */
function behindAll(code: Code, at: number): number {
  const { pieces } = code;
  let next = at;
  while (pieces[next]?.text === 'catch' || pieces[next]?.text === 'finally') {
    const open = pieces[next + 1]?.text === '(' ? closingOf(code, next + 1) + 1 : next + 1;
    const close = pieces[open]?.text === '{' ? closingOf(code, open) : -1;
    if (close < 0) return pieces.length;
    next = close + 1;
  }
  return next;
}

/** The same for Python's `except`, by its column; `body` is the place of the only statement of its block. */
export function triedAbove(code: Code, at: number, body: number): Tried | null {
  const { pieces } = code;
  const column = columnOf(code, at);
  for (let from = at - 1; from >= Math.max(0, at - 4_000); from--) {
    if (pieces[from]?.text !== 'try' || columnOf(code, from) !== column) continue;
    return { block: pieces.slice(from + 2, at), line: pieces[from]?.token.line ?? 0, after: body + 1 };
  }
  return null;
}

function columnOf({ text, pieces }: Code, at: number): number {
  const start = pieces[at]?.token.start ?? 0;
  return start - text.lastIndexOf('\n', start - 1);
}

/** Calls that end something, whose failures find it over anyway, and such that change what is seen for a moment. */
const ENDS =
  /^(?:(?:close|unlink|rm|rmdir|dispose|destroy|abort|cancel|release|disconnect|shutdown|terminate|rollback|quit|kill|fclose)(?:All|Async|Sync|Quietly|File|Handle|Connection|Socket|Stream)?|deleteIfExists|(?:Delete|delete)File|removeListener|removeEventListener|end|stop|focus|focusFirstElement|setContextClassLoader)$/i;

/** Whether nothing is tried but to end or take away something, as `socket.close()`, also behind an `if`. */
export function onlyEnds(tried: readonly Piece[]): boolean {
  const statements = statementsOf(withoutIfs(tried)).filter((statement) => !isForgetting(statement));
  return statements.length > 0 && statements.every(isEnding);
}

/** `if (x != null) { x.close(); }` as `x.close();`. */
function withoutIfs(pieces: readonly Piece[]): readonly Piece[] {
  const kept: Piece[] = [];
  for (let at = 0; at < pieces.length; at++) {
    const piece = pieces[at] as Piece;
    const close = piece.text === 'if' && pieces[at + 1]?.text === '(' ? closingIn(pieces, at + 1) : -1;
    if (close > 0) at = close;
    else if (piece.text !== '{' && piece.text !== '}') kept.push(piece);
  }
  return kept;
}

function closingIn(pieces: readonly Piece[], open: number): number {
  let depth = 0;
  for (let at = open; at < pieces.length; at++) {
    if (pieces[at]?.text === '(') depth++;
    if (pieces[at]?.text === ')' && --depth === 0) return at;
  }
  return -1;
}

/** `socket = null`. */
function isForgetting(statement: readonly Piece[]): boolean {
  return statement.at(-2)?.text === '=' && /^(?:null|undefined|None)$/.test(statement.at(-1)?.text ?? '');
}

function isEnding(statement: readonly Piece[]): boolean {
  if (statement.at(-1)?.text !== ')') return false;
  let depth = 0;
  for (let at = statement.length - 1; at > 0; at--) {
    const { text = '' } = statement[at] ?? {};
    if (text === ')') depth++;
    if (text === '(' && --depth === 0) return isEndingName(statement, at - 1);
  }
  return false;
}

/** C#'s `File.Delete` and Python's `os.remove` take away a file; of other things it is an act. */
function isEndingName(statement: readonly Piece[], at: number): boolean {
  const { text = '' } = statement[at] ?? {};
  const owner = statement[at - 2]?.text ?? '';
  return ENDS.test(text) || (/^(?:Delete|remove)$/.test(text) && /^(?:File|os)$/.test(owner));
}

/** Apart by semicolons, and by lines where a language or a style has none. */
function statementsOf(pieces: readonly Piece[]): Piece[][] {
  const statements: Piece[][] = [[]];
  let depth = 0;
  for (const [at, piece] of pieces.entries()) {
    const { text, token } = piece;
    const before = pieces[at - 1];
    const anew = depth === 0 && before !== undefined && before.token.endLine < token.line && !/^[.?)]/.test(text);
    if (anew && statements.at(-1)?.length) statements.push([]);
    if (/^[([{]$/.test(text)) depth++;
    if (/^[)\]}]$/.test(text)) depth--;
    if (text === ';' && depth === 0) statements.push([]);
    else statements.at(-1)?.push(piece);
  }
  return statements.filter((statement) => statement.length > 0);
}

/** How far behind a block what it set is looked at, in pieces. */
const SOON = 14;

/**
 * Whether a failure is told by a value: the block returns what it found and behind it something else is returned or thrown,
 * or it sets a name that is asked about next.
 */
export function isToldByValue({ pieces }: Code, { block, after }: Tried): boolean {
  const next = pieces[after]?.text ?? '';
  // Python's `else` is for what went well.
  if (next === 'else') return true;
  // Behind the end of a function nothing is returned, which is a value, too.
  if (/^(?:return|throw|raise|\})$/.test(next) && block.some(({ text }) => text === 'return')) return true;
  const soon = pieces.slice(after, after + SOON).map(({ text }) => text);
  const asked = soon.indexOf('if');
  return asked >= 0 && statementsOf(block).some((statement) => soon.indexOf(nameSet(statement) ?? '', asked) > asked);
}

function nameSet(statement: readonly Piece[]): string | null {
  const at = statement.findIndex(({ text }) => text === '=');
  const name = statement[at - 1];
  return at >= 1 && at <= 3 && name?.token.kind === 'word' ? name.text : null;
}
