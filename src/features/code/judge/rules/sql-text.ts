import { isBuilt } from './dangerous-calls.ts';
import { type Code, closingOf, type Piece, type Remark } from './rule.ts';

const STATEMENT =
  /^[a-z$@]{0,3}["'`]{1,3}\s*(?:select\s[^;]{0,400}\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s)/i;
/** Functions that send their text to a database. */
const SENDS = new Set([
  'query',
  'execute',
  'executemany',
  'raw',
  'exec',
  'rawQuery',
  'executeQuery',
  'executeUpdate',
  'prepareStatement',
  'createQuery',
  'createNativeQuery',
  'Query',
  'QueryRow',
  'Exec',
  'QueryContext',
  'ExecContext',
  'find_by_sql',
  'mysqli_query',
  'pg_query',
  'FromSqlRaw',
  'ExecuteSqlRaw',
  'executescript',
  'unsafe',
  '$queryRawUnsafe',
  '$executeRawUnsafe',
]);
/** What is put in is a name that the program chose or was quoted for it, by the words of those who write so. */
const CONSTANT = /^[A-Z][A-Z0-9_]*$/;
const SAFE_INSERT =
  /table|column|schema|ident|quote|escape|placeholder|params?\b|fields?|sql\b|where|order|limit|clause|condition|prefix|suffix|separator|join\(/i;

/** SQL that is put together from values and sent: a value with a quote in it changes the statement. */
export function* sqlText(code: Code): Iterable<Remark> {
  const seen = new Set<number>();
  for (const [at, { text, token }] of code.pieces.entries()) {
    if (token.kind !== 'word' || !SENDS.has(text) || code.pieces[at + 1]?.text !== '(') continue;
    const close = closingOf(code, at + 1);
    const args = close < 0 ? [] : code.pieces.slice(at + 2, close);
    const statement = args.find((piece) => piece.token.kind === 'string' && STATEMENT.test(piece.text));
    if (!statement || seen.has(statement.token.start) || !isBuilt(args) || isSafe(args)) continue;
    seen.add(statement.token.start);
    yield {
      rule: 'security/sql-by-text',
      severity: 'high',
      category: 'security',
      path: code.path,
      line: statement.token.line,
      message: 'A statement of SQL is put together from values: a value with a quote in it changes what it does.',
      evidence: null,
      fix: 'Send the values apart, as parameters (`$1`, `?`, `:name`).',
      verify: null,
    };
  }
}

/** Whether everything that is put in looks like a name or a piece of SQL that the program made, not like a value. */
function isSafe(args: readonly Piece[]): boolean {
  const inserts = args.flatMap(({ text, token }) => (token.kind === 'string' && token.filled ? insertsOf(text) : []));
  const joined = args.flatMap(({ text, token }, at) => {
    const beside = [args[at - 1]?.text, args[at + 1]?.text];
    return token.kind === 'word' && beside.some((word) => word === '+' || word === '%') ? [text] : [];
  });
  const all = [...inserts, ...joined];
  return all.length > 0 && all.every((insert) => CONSTANT.test(insert.trim()) || SAFE_INSERT.test(insert));
}

function insertsOf(text: string): string[] {
  return [...text.matchAll(/[$#]\{([^}]{0,200})\}|\{([^{}]{1,200})\}|\$([a-z_]\w{0,80})/gi)].map(
    (found) => found[1] ?? found[2] ?? found[3] ?? '',
  );
}
