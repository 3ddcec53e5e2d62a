import { type Code, type Remark, reads } from './rule.ts';

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
