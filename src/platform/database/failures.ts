/** SQLSTATE classes that mean that the database is away: connection, resources, operator intervention. */
const AWAY = /^(08|53|57P)/;
const NODE_AWAY = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN']);
const AWAY_TEXT = /connection terminated|timeout exceeded when trying to connect|not queryable|connection ended/i;

const UNIQUE_VIOLATION = '23505';

/** Whether an error says that the database cannot be reached now; the same statement may work in a moment. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
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
