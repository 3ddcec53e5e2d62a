import { argumentsOf, insertsOf, isBuilt, isHarmless, resolved } from './built-text.ts';
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
  'SqlCommand',
  'NpgsqlCommand',
  'MySqlCommand',
  'SqliteCommand',
]);
/** What is put in is a piece of SQL or was quoted for it, by the words of those who write so. */
const SAFE_INSERT =
  /table|column|schema|ident|quote|escape|placeholder|params?\b|fields?|sql\b|where|order|limit|offset|clause|condition|filter|prefix|suffix|separator|interval|join\(/i;
/** What stands before a name, not before a value. */
const BEFORE_NAME = /(?:\b(?:from|into|update|join|table|by|select|as|on|database|index|view)\s+|\.)["'`[]?$/i;
/** Statements of migrations take values from the database alone, and run once. */
const MIGRATION = /(?:^|\/)(?:migrations?|migrate)\//i;
/** A condition of Ruby's Active Record with a value between quotes. */
const CONDITION = /^"[^"]{0,200}['%]#\{[^}]{1,200}\}/;

/** SQL that is put together from values and sent: a value with a quote in it changes the statement. */
export function* sqlText(code: Code): Iterable<Remark> {
  if (MIGRATION.test(code.path)) return;
  const seen = new Set<number>();
  for (const [at, { text, token }] of code.pieces.entries()) {
    if (token.kind !== 'word' || code.pieces[at + 1]?.text !== '(') continue;
    const statement = SENDS.has(text) ? statementOf(code, at) : conditionOf(code, at);
    if (!statement || seen.has(statement.token.start)) continue;
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

/** The text of a statement that the call at `at` sends with values in it. */
function statementOf(code: Code, at: number): Piece | null {
  const close = closingOf(code, at + 1);
  for (const argument of argumentsOf(close < 0 ? [] : code.pieces.slice(at + 2, close)).slice(0, 3)) {
    const value = resolved(code, argument, at);
    const statement = value.find((piece) => piece.token.kind === 'string' && STATEMENT.test(piece.text));
    if (statement && isBuilt(value) && !isSafe(value)) return statement;
  }
  return null;
}

function conditionOf({ language, pieces }: Code, at: number): Piece | null {
  const condition = pieces[at + 2];
  const asked = language === 'Ruby' && /^(?:where|having|find_by|exists\?|delete_all)$/.test(pieces[at]?.text ?? '');
  return asked && condition && CONDITION.test(condition.text) && !isSafe([condition]) ? condition : null;
}

/** Whether everything that is put in looks like a name or a piece of SQL that the program made, not like a value. */
function isSafe(value: readonly Piece[]): boolean {
  if (isHarmless(value)) return true;
  const inserts = insertsOf(value);
  return (
    inserts.length > 0 &&
    inserts.every(({ written, before }) => SAFE_INSERT.test(written) || isConstant(written) || BEFORE_NAME.test(before))
  );
}

function isConstant(written: string): boolean {
  return /^\$?[A-Z][A-Z0-9_]*$/.test(written);
}
