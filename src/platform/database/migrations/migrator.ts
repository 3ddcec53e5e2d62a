import { CompiledQuery } from 'kysely';
import { type Database, type Db, identifier } from '../database.ts';
import { isLockUnavailable } from '../failures.ts';
import { isConcurrent, plainStatement, runConcurrent } from './concurrent-statements.ts';
import type { Migration, MigrationScope } from './migration.ts';
import {
  limitLocks,
  limitStatements,
  type MigrationLimits,
  MigrationLockedError,
  pauseAfterLock,
  usualLimits,
} from './migration-limits.ts';

/** A schema that is migrated on its own: `platform`, or one tenant's. */
export type MigrationTarget = {
  schema: string;
  scope: Exclude<MigrationScope, 'both'>;
  /** Statements that enter the schema within the transaction. */
  enter: string;
};

export const platformTarget: MigrationTarget = {
  schema: 'platform',
  scope: 'platform',
  enter: 'SET LOCAL search_path TO platform, public',
};

export type MigrationFault = 'changed' | 'newer' | 'gap';

export type MigrationState = {
  schema: string;
  applied: readonly string[];
  pending: readonly string[];
  /** What makes the schema unusable by this program: a file changed after it ran, a migration that this program does not
   * know (a newer program ran it), or one that was skipped. */
  faults: readonly { id: string; fault: MigrationFault }[];
};

/** Raised instead of touching a schema that this program does not understand. */
export class MigrationRefusedError extends Error {
  readonly state: MigrationState;
  constructor(state: MigrationState) {
    super(`Schema ${state.schema}: ${describeFaults(state)}`);
    this.name = 'MigrationRefusedError';
    this.state = state;
  }
}

const FAULT_TEXT: Record<MigrationFault, string> = {
  changed: 'was changed after it had been applied; restore the file and put the change into a new migration',
  newer: 'is not known to this program; a newer version migrated this database, so start that version',
  gap: 'was not applied although later ones were; give it a number after them',
};

export function describeFaults(state: MigrationState): string {
  return state.faults.map(({ id, fault }) => `migration ${id} ${FAULT_TEXT[fault]}`).join('; ');
}

export function migrationsOf(all: readonly Migration[], scope: MigrationTarget['scope']): readonly Migration[] {
  return all.filter((migration) => migration.scope === scope || migration.scope === 'both');
}

type AppliedRow = { id: string; checksum: string };

/** Compares what a schema has with what this program brings. A schema that does not exist has nothing applied. */
export async function readMigrationState(
  db: Db,
  target: MigrationTarget,
  all: readonly Migration[],
): Promise<MigrationState> {
  const applied = await readApplied(db, target.schema);
  return compareMigrations(target.schema, applied, migrationsOf(all, target.scope));
}

export function compareMigrations(
  schema: string,
  applied: readonly AppliedRow[],
  known: readonly Migration[],
): MigrationState {
  const checksums = new Map(applied.map(({ id, checksum }) => [id, checksum]));
  const knownIds = new Set(known.map(({ id }) => id));
  const last = [...checksums.keys()].sort().at(-1) ?? '';
  const pending = known.filter(({ id }) => !checksums.has(id));
  const faults = [
    ...applied.filter(({ id }) => !knownIds.has(id)).map(({ id }) => ({ id, fault: 'newer' as const })),
    ...known
      .filter(({ id, checksum }) => checksums.has(id) && checksums.get(id) !== checksum)
      .map(({ id }) => ({ id, fault: 'changed' as const })),
    ...pending.filter(({ id }) => id < last).map(({ id }) => ({ id, fault: 'gap' as const })),
  ];
  return { schema, applied: [...checksums.keys()].sort(), pending: pending.map(({ id }) => id), faults };
}

async function readApplied(db: Db, schema: string): Promise<AppliedRow[]> {
  const table = `${identifier(schema)}.schema_migration`;
  const found = await db.executeQuery<{ table: string | null }>(
    CompiledQuery.raw('SELECT to_regclass($1)::text AS table', [table]),
  );
  if (!found.rows[0]?.table) return [];
  const { rows } = await db.executeQuery<AppliedRow>(
    CompiledQuery.raw(`SELECT id, checksum FROM ${table} ORDER BY id`),
  );
  return rows;
}

const TRACKING_TABLE = `CREATE TABLE IF NOT EXISTS schema_migration (
  id text PRIMARY KEY,
  checksum text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
)`;

/** Makes the schema of the platform and what every schema needs. Safe to repeat. */
export async function preparePlatform(database: Database): Promise<void> {
  await database.transaction(async (trx) => {
    await lockMigrations(trx, platformTarget.schema);
    await execute(trx, 'CREATE SCHEMA IF NOT EXISTS platform');
    await execute(trx, 'CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public');
    await execute(trx, platformTarget.enter);
    await execute(trx, TRACKING_TABLE);
  });
}

export type MigrateOptions = {
  limits?: MigrationLimits | undefined;
  onApplied?: (id: string) => void;
  signal?: AbortSignal | undefined;
};

/** Applies what is pending, each migration in a transaction of its own under a lock. Returns the ids that it applied.
 * @throws MigrationRefusedError
 * @throws MigrationLockedError when others held a table in all tries */
export async function migrateUp(
  database: Database,
  target: MigrationTarget,
  all: readonly Migration[],
  options: MigrateOptions = {},
): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const id = await patiently(target, options, (limits, reach) => applyNext(database, target, all, limits, reach));
    if (id === null) return ids;
    ids.push(id);
    options.onApplied?.(id);
  }
}

type Step = (limits: MigrationLimits, onReached: (id: string) => void) => Promise<string | null>;

/** Tries again what got no lock: its transaction left nothing behind. */
async function patiently(target: MigrationTarget, options: MigrateOptions, step: Step): Promise<string | null> {
  const { limits = usualLimits, signal } = options;
  let reached = '';
  for (let tried = 1; ; tried += 1) {
    try {
      return await step(limits, (id) => {
        reached = id;
      });
    } catch (error) {
      if (!isLockUnavailable(error)) throw error;
      if (tried >= limits.lockTries) throw new MigrationLockedError(target.schema, reached, limits);
      await pauseAfterLock(tried, limits, signal);
    }
  }
}

/** Applies all that is pending inside a transaction of the caller's: for a schema that is being created in it. */
export async function migrateWithin(trx: Db, target: MigrationTarget, all: readonly Migration[]): Promise<void> {
  await execute(trx, target.enter);
  await execute(trx, TRACKING_TABLE);
  for (const migration of migrationsOf(all, target.scope)) await apply(trx, migration);
}

/** Takes back the last applied migration of a schema, where its id is above `above`. Returns its id, or null when there is
 * none.
 * @throws MigrationRefusedError
 * @throws MigrationLockedError when others held a table in all tries */
export async function migrateDown(
  database: Database,
  target: MigrationTarget,
  all: readonly Migration[],
  { above = '', ...options }: MigrateOptions & { above?: string } = {},
): Promise<string | null> {
  return patiently(target, options, (limits, onReached) =>
    database.transaction(async (trx) => {
      await begin(trx, target, limits);
      const state = await usableState(trx, target, all);
      const migration = all.find(({ id }) => id === state.applied.at(-1));
      if (!migration || migration.id <= above) return null;
      onReached(migration.id);
      await execute(trx, target.enter);
      for (const statement of migration.down) await execute(trx, plainStatement(statement));
      await trx.executeQuery(CompiledQuery.raw('DELETE FROM schema_migration WHERE id = $1', [migration.id]));
      return migration.id;
    }),
  );
}

async function applyNext(
  database: Database,
  target: MigrationTarget,
  all: readonly Migration[],
  limits: MigrationLimits,
  onReached: (id: string) => void,
): Promise<string | null> {
  return database.transaction(async (trx) => {
    await begin(trx, target, limits);
    const state = await usableState(trx, target, all);
    const migration = all.find(({ id }) => id === state.pending[0]);
    if (!migration) return null;
    onReached(migration.id);
    await execute(trx, target.enter);
    await execute(trx, TRACKING_TABLE);
    // Beside this transaction, which holds the lock on migrations. The embedded database has one connection, and nobody
    // beside us who could want to write.
    if (isConcurrent(migration) && database.kind === 'server') {
      await runConcurrent(database, target, migration.up, limits);
      await record(trx, migration);
    } else await apply(trx, migration);
    return migration.id;
  });
}

async function begin(trx: Db, target: MigrationTarget, limits: MigrationLimits): Promise<void> {
  await limitStatements(trx, limits);
  await lockMigrations(trx, target.schema);
  await limitLocks(trx, limits);
}

async function usableState(trx: Db, target: MigrationTarget, all: readonly Migration[]): Promise<MigrationState> {
  const state = await readMigrationState(trx, target, all);
  if (state.faults.length > 0) throw new MigrationRefusedError(state);
  return state;
}

async function apply(trx: Db, migration: Migration): Promise<void> {
  for (const statement of migration.up) await execute(trx, plainStatement(statement));
  await record(trx, migration);
}

async function record(trx: Db, migration: Migration): Promise<void> {
  await trx.executeQuery(
    CompiledQuery.raw('INSERT INTO schema_migration (id, checksum) VALUES ($1, $2)', [
      migration.id,
      migration.checksum,
    ]),
  );
}

/** Held until the transaction ends: a session lock would be lost behind a transaction pooler. */
async function lockMigrations(trx: Db, schema: string): Promise<void> {
  await trx.executeQuery(
    CompiledQuery.raw("SELECT pg_advisory_xact_lock(hashtextextended('parley.migrate:' || $1, 0))", [schema]),
  );
}

async function execute(trx: Db, statement: string): Promise<void> {
  await trx.executeQuery(CompiledQuery.raw(statement));
}
