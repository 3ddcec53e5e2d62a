import { CompiledQuery, type Kysely } from 'kysely';
import { traced } from '../telemetry/tracing.ts';
import { onConnection } from './pinned.ts';
import type { Schema } from './schema.ts';

export type { CompiledQuery } from 'kysely';

/** The installation's own handle: platform tables. It must not be awaited inside a transaction (embedded: one connection). */
export type Db = Kysely<Schema>;

declare const platformBrand: unique symbol;
declare const tenantBrand: unique symbol;

/** A transaction on platform tables. A store function that needs one demands it by type. */
export type PlatformTransaction = Db & { readonly [platformBrand]: true };
/** A transaction in which Postgres lets one tenant's role touch that tenant's schema only. Made by `inTenant` alone. */
export type TenantTransaction = Db & { readonly [tenantBrand]: true };

export type DatabaseKind = 'embedded' | 'server';
export type Unlisten = () => Promise<void>;

export type Database = {
  readonly kind: DatabaseKind;
  readonly db: Db;
  /** Commits when `work` resolves, rolls back when it throws. Do nothing outside the database in it. */
  transaction<T>(work: (trx: PlatformTransaction) => Promise<T>): Promise<T>;
  /** As `transaction`, under the role and in the schema of that name. */
  scoped<T>(schema: string, work: (trx: TenantTransaction) => Promise<T>): Promise<T>;
  /** Statements as in `scoped`, none of which needs another's answer, in one round trip: the transaction's beginning, the
   * statements and its end go together. The rows of each, in order. */
  scopedQueries<Rows extends readonly unknown[]>(
    schema: string,
    queries: { readonly [Index in keyof Rows]: CompiledQuery<Rows[Index]> },
  ): Promise<{ [Index in keyof Rows]: Rows[Index][] }>;
  /** Statements on platform tables, in one transaction and one round trip. The rows of each, in order. */
  queries(queries: readonly CompiledQuery[]): Promise<unknown[][]>;
  /** Raw SQL for the queue's library. Without values it may be a script; then `rows` has those of all its statements. */
  execute(text: string, values?: readonly unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  /** Calls back for each notification; one may be lost while the connection is renewed, so a caller must also poll. */
  listen(channel: string, onPayload: (payload: string) => void): Promise<Unlisten>;
  /** Callers that wait for a connection now. */
  waiting(): number;
  /** Connections of this process now. */
  connections(): { open: number; idle: number };
  close(): Promise<void>;
};

/** Quotes an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Statements that enter a schema for the rest of a transaction; SET LOCAL, because a pooler hands the connection on after it. */
export function enterSchema(schema: string): string {
  return `SET LOCAL ROLE ${identifier(schema)}; SET LOCAL search_path TO ${identifier(schema)}, public`;
}

/** Back to the installation's own role and path, in the same transaction. */
export const leaveSchema = 'SET LOCAL ROLE NONE; SET LOCAL search_path TO DEFAULT';

/** Steps out of a tenant's role for what `work` sends: rows of the installation that belong in the tenant's transaction. */
export async function asInstallation<T>(trx: Db, work: () => Promise<T>): Promise<T> {
  const { rows } = await trx.executeQuery<{ role: string }>(
    CompiledQuery.raw("SELECT current_setting('role') AS role"),
  );
  const role = rows[0]?.role ?? 'none';
  if (role === 'none') return work();
  await setRole(trx, 'none');
  // Not in a `finally`: after a failure Postgres refuses all but the rollback, which gives the role back.
  const result = await work();
  await setRole(trx, role);
  return result;
}

async function setRole(trx: Db, role: string): Promise<void> {
  await trx.executeQuery(CompiledQuery.raw("SELECT set_config('role', $1, true)", [role]));
}

/** Runs statements that take no parameters, several at once, in one round trip. */
export async function runScript(db: Db, script: string): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(script));
}

export async function runTransaction<T>(db: Db, begin: string, work: (connection: Db) => Promise<T>): Promise<T> {
  return onConnection(db, async (connection) => {
    // Sent, not awaited: the first statement follows in the same packet. If it fails, Postgres refuses all that follow.
    const begun = runScript(connection, begin);
    begun.catch(() => undefined);
    try {
      const result = await work(connection);
      await begun;
      await commit(connection);
      return result;
    } catch (error) {
      await runScript(connection, 'ROLLBACK').catch(() => undefined);
      await begun;
      throw error;
    }
  });
}

async function commit(connection: Db): Promise<void> {
  const { rows } = await connection.executeQuery(CompiledQuery.raw('COMMIT'));
  assertCommitted(rows);
}

function assertCommitted(rows: readonly unknown[] | undefined): void {
  if ((rows?.[0] as { command?: string } | undefined)?.command === 'ROLLBACK') {
    throw new Error(
      'The transaction was rolled back, because a statement in it had failed and the failure was ignored.',
    );
  }
}

/** Sends all at once. If a statement fails, Postgres refuses those behind it and rolls back what the end asks it to commit. */
async function runQueries(db: Db, begin: string, queries: readonly CompiledQuery[]): Promise<unknown[][]> {
  return db.getExecutor().provideConnection(async (connection) => {
    const steps = await Promise.allSettled(
      [CompiledQuery.raw(begin), ...queries, CompiledQuery.raw('COMMIT')].map((query) =>
        connection.executeQuery(query),
      ),
    );
    // The first that failed is the cause of the others' failures.
    const failed = steps.find((step) => step.status === 'rejected');
    if (failed) throw failed.reason;
    const results = steps.map((step) => (step.status === 'fulfilled' ? step.value.rows : []));
    assertCommitted(results.at(-1));
    return results.slice(1, -1);
  });
}

/** Statements that go together are one span; https://opentelemetry.io/docs/specs/semconv/database/database-spans */
export function databaseSpan(schema: string, statements?: number) {
  return { 'db.system.name': 'postgresql', 'db.namespace': schema, 'db.operation.batch.size': statements };
}

/** The parts of a database that are the same on both kinds. */
export function databaseOver(
  kind: DatabaseKind,
  db: Db,
  connectionParts: Pick<Database, 'execute' | 'listen' | 'waiting' | 'connections' | 'close'>,
): Database {
  return {
    kind,
    db,
    transaction: (work) =>
      traced('transaction', 'client', databaseSpan('platform'), () =>
        runTransaction(db, 'BEGIN', (connection) => work(connection as PlatformTransaction)),
      ),
    scoped: (schema, work) =>
      traced('transaction', 'client', databaseSpan(schema), () =>
        runTransaction(db, `BEGIN; ${enterSchema(schema)}`, (connection) => work(connection as TenantTransaction)),
      ),
    scopedQueries: (schema, queries) =>
      traced('queries', 'client', databaseSpan(schema, queries.length), () =>
        runQueries(db, `BEGIN; ${enterSchema(schema)}`, queries as readonly CompiledQuery[]),
      ) as never,
    queries: (queries) =>
      traced('queries', 'client', databaseSpan('platform', queries.length), () => runQueries(db, 'BEGIN', queries)),
    ...connectionParts,
  };
}
