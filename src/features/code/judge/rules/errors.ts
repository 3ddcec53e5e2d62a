import { type Code, closingOf, type Remark, reads } from './rule.ts';

/** Errors that are caught and forgotten: the block is empty, without even a comment that says why. */
export function* swallowedErrors(code: Code): Iterable<Remark> {
  for (const [at, { text, token }] of code.pieces.entries()) {
    const empty =
      code.language === 'Python'
        ? isEmptyExcept(code, at)
        : (text === 'catch' || text === 'rescue') && isEmptyCatch(code, at);
    if (!empty) continue;
    yield {
      rule: 'reliability/swallowed-error',
      severity: 'medium',
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
  const promise = pieces[at - 1]?.text === '.' || pieces[at - 1]?.text === '?.';
  if (promise && isAwaitedElsewhere(code, at - 2)) return false;
  const open = pieces[at + 1]?.text === '(' ? closingOf(code, at + 1) : at;
  if (open < 0) return false;
  const brace = promise ? open - 2 : open + 1;
  if (promise && pieces[brace - 1]?.text !== '=>') return false;
  if (pieces[brace]?.text !== '{' || pieces[brace + 1]?.text !== '}') return false;
  return !hasComment(code, pieces[at]?.token.line ?? 0, pieces[brace + 1]?.token.line ?? 0);
}

/** `Promise.resolve(x).catch(() => {})` keeps a rejection from ending the process; somebody else waits for `x`. */
function isAwaitedElsewhere({ pieces }: Code, close: number): boolean {
  if (pieces[close]?.text !== ')') return false;
  const near = pieces.slice(Math.max(0, close - 8), close).map(({ text }) => text);
  return near.join(' ').includes('Promise . resolve (');
}

/** `except …: pass` for every error, or for the errors of everything: a narrow one is a decision. */
function isEmptyExcept(code: Code, at: number): boolean {
  const { pieces } = code;
  if (pieces[at]?.text !== 'except') return false;
  const colon = pieces.slice(at, at + 12).findIndex(({ text }) => text === ':');
  const caught = pieces.slice(at + 1, at + colon).map(({ text }) => text);
  const broad = caught.length === 0 || caught[0] === 'Exception' || caught[0] === 'BaseException';
  if (colon < 0 || !broad || pieces[at + colon + 1]?.text !== 'pass') return false;
  return !hasComment(code, (pieces[at]?.token.line ?? 0) - 1, (pieces[at + colon + 1]?.token.line ?? 0) + 1);
}

/** On a line from the one before `from` to `to`. */
function hasComment({ commentLines }: Code, from: number, to: number): boolean {
  for (let line = from - 1; line <= Math.min(to, from + 20); line++) if (commentLines.has(line)) return true;
  return false;
}

/** What was put in to look inside while working, and stayed. */
export function* debugLeftovers(code: Code): Iterable<Remark> {
  for (const [at, { token }] of code.pieces.entries()) {
    if (token.kind !== 'word' || !isLeftover(code, at)) continue;
    yield {
      rule: 'maintainability/debug-leftover',
      severity: 'low',
      category: 'maintainability',
      path: code.path,
      line: token.line,
      message: 'A stop or print for debugging was left in.',
      evidence: null,
      fix: 'Remove it.',
      verify: null,
    };
  }
}

/** By language: the words one behind the other, and whether they must begin a statement. */
const LEFTOVERS: Readonly<
  Record<string, readonly { readonly texts: readonly string[]; readonly statement: boolean }[]>
> = {
  TypeScript: [{ texts: ['debugger', ';'], statement: true }],
  JavaScript: [{ texts: ['debugger', ';'], statement: true }],
  Python: [
    { texts: ['breakpoint', '(', ')'], statement: true },
    { texts: ['pdb', '.', 'set_trace', '(', ')'], statement: true },
    { texts: ['ipdb', '.', 'set_trace', '(', ')'], statement: true },
  ],
  PHP: [
    { texts: ['var_dump', '('], statement: true },
    { texts: ['dd', '('], statement: true },
  ],
  Ruby: [
    { texts: ['binding', '.', 'pry'], statement: false },
    { texts: ['binding', '.', 'irb'], statement: false },
    { texts: ['byebug'], statement: true },
  ],
  Rust: [{ texts: ['dbg', '!', '('], statement: false }],
};

function isLeftover(code: Code, at: number): boolean {
  const forms = LEFTOVERS[code.language] ?? [];
  return forms.some(({ texts, statement }) => reads(code, at, texts) && (!statement || isStatement(code, at)));
}

function isStatement({ pieces }: Code, at: number): boolean {
  const before = pieces[at - 1];
  return (
    before === undefined ||
    [';', '{', '}', ':'].includes(before.text) ||
    before.token.endLine < (pieces[at]?.token.line ?? 0)
  );
}

const TODO = /\b(?:TODO|FIXME|XXX|HACK)\b/;
/** Of a file: as many in a thousand lines of code, and no fewer than that in all. */
const TODOS_PER_1000 = 20;
const LEAST_TODOS = 5;

/** Many notes of what is still to be done, in one file. */
export function* todoDensity(code: Code): Iterable<Remark> {
  const todos = code.comments.filter(({ text }) => TODO.test(text));
  const { codeLines } = code.measured.metrics;
  const first = todos[0];
  if (!first || todos.length < LEAST_TODOS || (1_000 * todos.length) / Math.max(1, codeLines) < TODOS_PER_1000) return;
  yield {
    rule: 'maintainability/todo-density',
    severity: 'low',
    category: 'maintainability',
    path: code.path,
    line: first.token.line,
    message: `${todos.length} notes of what is still to be done in ${codeLines} lines of code.`,
    evidence: null,
    fix: 'Do it, or move it to where work is planned.',
    verify: `grep -nE 'TODO|FIXME|XXX|HACK' ${quoted(code.path)}`,
  };
}

/** For a shell. */
export function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
