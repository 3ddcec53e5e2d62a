/** SQLSTATE classes that mean that the database is away: connection, resources, operator intervention. */
const AWAY = /^(08|53|57P)/;
const NODE_AWAY = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN']);
const AWAY_TEXT = /connection terminated|timeout exceeded when trying to connect|not queryable|connection ended/i;

const UNIQUE_VIOLATION = '23505';

/** On errors of no connection. Enumerable, so that copies of an error have it, too: pg-boss passes on such. */
const NO_CONNECTION = Symbol('no connection');
/** The pool puts an error of its own before one that came too late. */
const TOO_LATE = 'Connection terminated due to connection timeout';

/** Marks the error of an attempt to connect: a wrong password or a missing database has a code that says nothing of that. */
export function noteConnectFailure(error: Error): void {
  Object.assign(error, { [NO_CONNECTION]: true });
}

/** A connection that was not tried, because the attempt before has just failed. */
export class DatabaseAwayError extends Error {
  readonly code: unknown;

  constructor(last: Error) {
    const { code } = last as { code?: unknown };
    super(`the database cannot be reached (${last.message || code}); it is tried again in a moment`, { cause: last });
    this.name = 'DatabaseAwayError';
    this.code = code;
    noteConnectFailure(this);
  }
}

/** Whether an error is one of no connection to a server: who opens them tells of it, once for all that ask. */
export function isConnectFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return NO_CONNECTION in error || error.message === TOO_LATE;
}

/** Whether an error says that the database cannot be reached now; the same statement may work in a moment. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (isConnectFailure(error)) return true;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && (AWAY.test(code) || NODE_AWAY.has(code))) return true;
  return AWAY_TEXT.test(error.message);
}

const QUERY_CANCELED = '57014';

/** Whether a statement took longer than DATABASE_STATEMENT_TIMEOUT_MS allows. */
export function isStatementTimeout(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === QUERY_CANCELED;
}

/** Whether a statement broke this unique index or constraint. */
export function violatesUnique(error: unknown, constraint: string): boolean {
  const { code, constraint: broken } = error as { code?: unknown; constraint?: unknown };
  return code === UNIQUE_VIOLATION && broken === constraint;
}

const LOCK_CONFLICTS = new Set(['40001', '40P01', '55P03']);

/** Whether a statement was refused because of another that ran at the same time; the same one may work in a moment. */
export function isLockConflict(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && LOCK_CONFLICTS.has(code);
}

const LOCK_NOT_AVAILABLE = '55P03';

/** Whether a statement waited for a lock longer than its transaction allows. */
export function isLockUnavailable(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === LOCK_NOT_AVAILABLE;
}

const FOREIGN_KEY_VIOLATION = '23503';

/** Whether a statement named a row that another table does not have. */
export function breaksReference(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === FOREIGN_KEY_VIOLATION;
}
