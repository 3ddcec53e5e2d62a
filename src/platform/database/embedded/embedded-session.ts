import pg from 'pg';
import { numberTypes } from '../number-types.ts';
import { type SlowStatements, StatementTimes } from '../slow-statements.ts';
import { ConnectionTurns } from './connection-turns.ts';
import type { DatabaseThread } from './database-thread.ts';

export type StatementResult = {
  /** Rows of all statements of a script. */
  rows: Record<string, unknown>[];
  /** Of the last statement: `INSERT`, `COMMIT`, … */
  command: string;
  /** Of the last statement, where it counts any. */
  rowCount: number | null;
};

/** The one session of the embedded database: a Postgres client whose socket is the database thread. */
export class EmbeddedSession {
  readonly turns = new ConnectionTurns();
  readonly #client: pg.Client;
  readonly #thread: DatabaseThread;
  readonly #times: StatementTimes | null;
  /** Statements and scripts that were ever run. */
  statements = 0;

  private constructor(thread: DatabaseThread, slow: SlowStatements | null) {
    this.#thread = thread;
    this.#times = slow && new StatementTimes(slow);
    // Everything is named, so that nothing is taken from the PG* variables of the environment.
    this.#client = new pg.Client({
      stream: () => thread.stream,
      host: 'embedded',
      user: 'postgres',
      password: '',
      database: 'postgres',
      ssl: false,
      pipeline: true,
      types: numberTypes,
    });
    // An error outside any statement: Postgres ends the session, as it does after a PANIC.
    this.#client.on('error', ({ message }) => thread.fail(message));
  }

  static async open(thread: DatabaseThread, slow: SlowStatements | null = null): Promise<EmbeddedSession> {
    const session = new EmbeddedSession(thread, slow);
    await session.#client.connect();
    return session;
  }

  /** Runs one statement with parameters, or a script of several without. Only for whoever has the turn. */
  async run(text: string, parameters: readonly unknown[] = []): Promise<StatementResult> {
    if (this.#thread.end) throw this.#thread.end;
    this.statements++;
    try {
      const running: Promise<pg.QueryResult | pg.QueryResult[]> = this.#client.query(text, [...parameters]);
      this.#times?.watch(text, running);
      const answer = await running;
      return Array.isArray(answer) ? flatten(answer) : answer;
    } catch (error) {
      this.#stopAfter(error);
      throw error;
    }
  }

  /** Postgres says FATAL or PANIC as its last words; here they end the thread, and the statement's error tells them. */
  #stopAfter(error: unknown): void {
    const { severity, message } = error as { severity?: string; message: string };
    if (severity === 'FATAL' || severity === 'PANIC') this.#thread.fail(message);
    else if (this.#thread.end) throw this.#thread.end;
  }

  /** True while a transaction is open, failed or not, as of the last answer. */
  get inTransaction(): boolean {
    return this.#client.getTransactionStatus() !== 'I';
  }

  onNotification(listener: (channel: string, payload: string) => void): void {
    this.#client.on('notification', ({ channel, payload }) => listener(channel, payload ?? ''));
  }
}

function flatten(answers: readonly pg.QueryResult[]): StatementResult {
  const last = answers.at(-1);
  return {
    rows: answers.flatMap(({ rows }) => rows),
    command: last?.command ?? '',
    rowCount: last?.rowCount ?? null,
  };
}
