import { CompiledQuery } from 'kysely';
import { type Database, type Db, runScript, runTransaction } from './database.ts';
import { onConnection } from './pinned.ts';

/** The whole database as it is at one moment, readable schema by schema. */
export type Snapshot = {
  /** A transaction of its own for each schema, because one that reads the tables of a hundred tenants holds more locks than
   * a server has room for. `enter` are the statements that enter the schema. */
  in<T>(enter: string, work: (trx: Db) => Promise<T>): Promise<T>;
};

const BEGIN = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

/** While `work` runs, `Snapshot.in` shows the moment at which it began. The embedded database answers nobody else meanwhile. */
export async function withSnapshot<T>(database: Database, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  return database.kind === 'embedded' ? alone(database, work) : besideOthers(database, work);
}

/** Its only connection is ours until the end: nothing changes. */
async function alone<T>({ db }: Database, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  return onConnection(db, (connection) =>
    work({ in: (enter, read) => runTransaction(connection, `${BEGIN}; ${enter}`, read) }),
  );
}

async function besideOthers<T>({ db }: Database, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  // The holder waits while others read, for longer than a server may allow an idle transaction.
  return runTransaction(db, `${BEGIN}; SET LOCAL idle_in_transaction_session_timeout TO 0`, async (holder) => {
    const { rows } = await holder.executeQuery<{ id: string }>(CompiledQuery.raw('SELECT pg_export_snapshot() AS id'));
    const id = rows[0]?.id ?? '';
    return work({
      in: (enter, read) =>
        runTransaction(db, `${BEGIN}; SET TRANSACTION SNAPSHOT '${id}'; ${enter}`, async (trx) => {
          // An answer before the first read: a snapshot that could not be entered must not pass for another moment.
          await runScript(trx, 'SELECT 1');
          return read(trx);
        }),
    });
  });
}
