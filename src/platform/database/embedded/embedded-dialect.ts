import {
  AbortedTransactionError,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import { identifier } from '../database.ts';
import type { Turn } from './connection-turns.ts';
import type { EmbeddedSession, StatementResult } from './embedded-session.ts';

/** Kysely over the one session of the embedded database. */
export class EmbeddedDialect implements Dialect {
  readonly #session: EmbeddedSession;

  constructor(session: EmbeddedSession) {
    this.#session = session;
  }

  createDriver(): Driver {
    return new EmbeddedDriver(this.#session);
  }

  createQueryCompiler(): PostgresQueryCompiler {
    return new PostgresQueryCompiler();
  }

  /** Kysely's adapter of a real Postgres, which says "several connections": its own lock for one connection would have a
   * nested call wait for ever before ours can tell that it does. */
  createAdapter(): PostgresAdapter {
    return new PostgresAdapter();
  }

  createIntrospector(db: Kysely<unknown>): PostgresIntrospector {
    return new PostgresIntrospector(db);
  }
}

class EmbeddedDriver implements Driver {
  readonly #session: EmbeddedSession;

  constructor(session: EmbeddedSession) {
    this.#session = session;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<EmbeddedConnection> {
    return new EmbeddedConnection(this.#session, await this.#session.turns.take());
  }

  async beginTransaction(connection: EmbeddedConnection, settings: TransactionSettings): Promise<void> {
    const { isolationLevel, accessMode } = settings;
    const isolation = isolationLevel ? ` isolation level ${isolationLevel}` : '';
    await connection.run(`begin${isolation}${accessMode ? ` ${accessMode}` : ''}`);
  }

  async commitTransaction(connection: EmbeddedConnection): Promise<void> {
    const { command } = await connection.run('commit');
    if (command === 'ROLLBACK') throw new AbortedTransactionError();
  }

  async rollbackTransaction(connection: EmbeddedConnection): Promise<void> {
    await connection.run('rollback');
  }

  async savepoint(connection: EmbeddedConnection, name: string): Promise<void> {
    await connection.run(`savepoint ${identifier(name)}`);
  }

  async rollbackToSavepoint(connection: EmbeddedConnection, name: string): Promise<void> {
    await connection.run(`rollback to ${identifier(name)}`);
  }

  async releaseSavepoint(connection: EmbeddedConnection, name: string): Promise<void> {
    await connection.run(`release ${identifier(name)}`);
  }

  async releaseConnection(connection: EmbeddedConnection): Promise<void> {
    await connection.release();
  }

  /** The session belongs to the embedded database, whose `close` ends it. */
  async destroy(): Promise<void> {}
}

const COUNTING_COMMANDS = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

/** The connection during one turn. After it, a statement is refused: it would run in another caller's transaction. */
export class EmbeddedConnection implements DatabaseConnection {
  readonly #session: EmbeddedSession;
  readonly #turn: Turn;
  readonly #running = new Set<Promise<StatementResult>>();

  constructor(session: EmbeddedSession, turn: Turn) {
    this.#session = session;
    this.#turn = turn;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      return toQueryResult(await this.run(query.sql, query.parameters));
    } catch (error) {
      // The protocol's error was made where the answer was read: point to the caller instead.
      if (error instanceof Error) Error.captureStackTrace(error);
      throw error;
    }
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator, and there is nothing to yield
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('The embedded database does not stream rows: read them in pages by key.');
  }

  /** Not async: the mark must be set in the caller's own chain. */
  run(text: string, parameters: readonly unknown[] = []): Promise<StatementResult> {
    if (this.#turn.ended) {
      return Promise.reject(new Error('The transaction or connection that this statement belongs to has ended.'));
    }
    this.#turn.mark();
    const running = this.#session.run(text, parameters);
    this.#running.add(running);
    const done = () => this.#running.delete(running);
    running.then(done, done);
    return running;
  }

  /** Gives the connection back. A transaction that was left open is rolled back: the next caller must not be in it. */
  async release(): Promise<void> {
    if (this.#turn.ended) return;
    try {
      if (this.#running.size > 0) await Promise.allSettled(this.#running);
      if (this.#session.inTransaction) await this.#session.run('rollback');
    } finally {
      this.#turn.end();
    }
  }
}

function toQueryResult<R>({ command, rows, rowCount }: StatementResult): QueryResult<R> {
  // Kysely's Postgres driver answers so too: callers learn from it that a COMMIT became a ROLLBACK.
  if (command === 'COMMIT' || command === 'ROLLBACK')
    return { rows: rows.length > 0 ? (rows as R[]) : ([{ command }] as R[]) };
  if (!COUNTING_COMMANDS.has(command)) return { rows: rows as R[] };
  return { rows: rows as R[], numAffectedRows: BigInt(rowCount ?? 0) };
}
