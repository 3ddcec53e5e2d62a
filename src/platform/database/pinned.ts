import {
  type DatabaseConnection,
  type Dialect,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely';
import type { Schema } from './schema.ts';

/**
 * Runs `work` on one connection. Kysely's own handle for that has each statement wait for the answer to the one before it;
 * this one hands them on as they come, so that what is asked together travels together (`PacketClient`).
 */
export async function onConnection<T>(
  db: Kysely<Schema>,
  work: (connection: Kysely<Schema>) => Promise<T>,
): Promise<T> {
  return db.getExecutor().provideConnection((connection) => work(pinnedTo(connection, db)));
}

function pinnedTo(connection: DatabaseConnection, db: Kysely<Schema>): Kysely<Schema> {
  const executor = db.getExecutor().withConnectionProvider({ provideConnection: (consumer) => consumer(connection) });
  return new Kysely<Schema>({ config: { dialect }, dialect, driver, executor });
}

/** Begins nothing: who has a connection is in a transaction, or makes one by statements of its own. */
class PinnedDriver extends DummyDriver {
  override beginTransaction(): Promise<void> {
    return Promise.reject(new Error('This connection has its transaction: use the handle that was passed in.'));
  }
}

const driver = new PinnedDriver();

const dialect: Dialect = {
  createDriver: () => driver,
  createQueryCompiler: () => new PostgresQueryCompiler(),
  createAdapter: () => new PostgresAdapter(),
  createIntrospector: (db) => new PostgresIntrospector(db),
};
