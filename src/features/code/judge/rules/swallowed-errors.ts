import { type Code, closingOf, openingOf, type Piece, type Remark } from './rule.ts';
import { isToldByValue, onlyEnds, type Tried, triedAbove, triedBefore } from './tried.ts';

/**
 * Errors that are caught and forgotten. Left alone is what somebody decided: a comment or the error's name says so, only one
 * kind of error is caught, the failure is told by a value, or what failed was to be over anyway.
 */
export function* swallowedErrors(code: Code): Iterable<Remark> {
  for (const [at, { text, token }] of code.pieces.entries()) {
    const empty = code.language === 'Python' ? isEmptyExcept(code, at) : text === 'catch' && isEmptyCatch(code, at);
    if (!empty) continue;
    yield {
      rule: 'reliability/swallowed-error',
      severity: 'low',
      category: 'reliability',
      path: code.path,
      line: token.line,
      message: 'An error is caught and forgotten: when this fails nobody hears of it.',
      evidence: null,
      fix: 'Handle it, log it with its cause, let it through, or say in a comment why it may be forgotten.',
      verify: null,
    };
  }
}

/** `catch (…) {}`, `catch {}`, and a promise's `.catch(() => {})`. */
function isEmptyCatch(code: Code, at: number): boolean {
  const { pieces } = code;
  if (code.language === 'Ruby') return false;
  const open = pieces[at + 1]?.text === '(' ? closingOf(code, at + 1) : at;
  if (open < 0) return false;
  if (/^\??\.$/.test(pieces[at - 1]?.text ?? '')) {
    const forgets = pieces[open - 3]?.text === '=>' && isEmptyBlock(code, at, open - 2);
    return forgets && !isAwaitedElsewhere(code, at - 2) && !isPromiseOfAnEnd(code, at - 2);
  }
  if (!isEmptyBlock(code, at, open + 1)) return false;
  return !isDecided(code, wordsBetween(code, at + 1, open)) && !isExcused(code, triedBefore(code, at), at);
}

/** `{}` at `brace`, with no comment from the `catch` at `at` on. */
function isEmptyBlock(code: Code, at: number, brace: number): boolean {
  const { pieces } = code;
  if (pieces[brace]?.text !== '{' || pieces[brace + 1]?.text !== '}') return false;
  return !hasComment(code, pieces[at]?.token.line ?? 0, pieces[brace + 1]?.token.line ?? 0);
}

function wordsBetween({ pieces }: Code, from: number, to: number): string[] {
  return pieces.slice(from, to).flatMap(({ text, token }) => (token.kind === 'word' || text === '...' ? [text] : []));
}

/** Languages that say in a `catch` which errors it is for. */
const TYPED = /^(?:Java|Kotlin|C#|PHP|C\+\+)$/;
const BROAD =
  /^(?:Exception|Throwable|RuntimeException|Error|IOException|SQLException|InterruptedException|SystemException|ApplicationException|exception)$/;
const NAMED_SO = /^[$_]*(?:ignore|unused|expected|swallow)/i;

/** By the words in the brackets of a `catch`. Whoever ignores an interruption loses the wish to end, whatever it is called. */
function isDecided({ language }: Code, caught: readonly string[]): boolean {
  if (caught.includes('InterruptedException')) return false;
  if (NAMED_SO.test(caught.at(-1) ?? '')) return true;
  return TYPED.test(language) && caught.length > 0 && !caught.some((word) => BROAD.test(word));
}

const SAID_TO_FAIL = /\b(?:throws?|fails?|ignored?|errors?|optional|best.effort|may|might)\b/i;
/** Lines of a block so short that what is said above it is said of its errors. */
const SHORT = 4;

function isExcused(code: Code, tried: Tried | null, at: number): boolean {
  if (!tried) return false;
  if (onlyEnds(tried.block) || isToldByValue(code, tried) || tried.block.some(mayBeDenied)) return true;
  const line = code.pieces[at]?.token.line ?? 0;
  if (line - tried.line < SHORT && code.commentLines.has(tried.line - 1)) return true;
  return code.comments.some(
    ({ text, token }) => token.line >= tried.line && token.endLine <= line && SAID_TO_FAIL.test(text),
  );
}

/** Browsers throw where somebody keeps pages from storing. */
function mayBeDenied({ text }: Piece): boolean {
  return text === 'localStorage' || text === 'sessionStorage';
}

/** `Promise.resolve(x).catch(() => {})` keeps a rejection from ending the process; somebody else waits for `x`. */
function isAwaitedElsewhere({ pieces }: Code, close: number): boolean {
  if (pieces[close]?.text !== ')') return false;
  const near = pieces.slice(Math.max(0, close - 8), close).map(({ text }) => text);
  return near.join(' ').includes('Promise . resolve (');
}

/** `stream.cancel().catch(() => {})`. */
function isPromiseOfAnEnd(code: Code, close: number): boolean {
  const open = code.pieces[close]?.text === ')' ? openingOf(code, close) : -1;
  return open > 0 && onlyEnds(code.pieces.slice(open - 1, close + 1));
}

/** `except …: pass` for every error, or for the errors of everything: a narrow one is a decision. */
function isEmptyExcept(code: Code, at: number): boolean {
  const { pieces } = code;
  if (pieces[at]?.text !== 'except') return false;
  const colon = pieces.slice(at, at + 12).findIndex(({ text }) => text === ':');
  const caught = pieces.slice(at + 1, at + colon).map(({ text }) => text);
  const broad = caught.length === 0 || caught[0] === 'Exception' || caught[0] === 'BaseException';
  const body = at + colon + 1;
  if (colon < 0 || !broad || pieces[body]?.text !== 'pass') return false;
  if (hasComment(code, (pieces[at]?.token.line ?? 0) - 1, (pieces[body]?.token.line ?? 0) + 1)) return false;
  return !isExcused(code, triedAbove(code, at, body), at);
}

/** On a line from the one before `from` to `to`. */
function hasComment({ commentLines }: Code, from: number, to: number): boolean {
  for (let line = from - 1; line <= Math.min(to, from + 20); line++) if (commentLines.has(line)) return true;
  return false;
}
