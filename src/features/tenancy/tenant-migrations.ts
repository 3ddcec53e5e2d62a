import type { Database } from '../../platform/database/database.ts';
import type { Migration } from '../../platform/database/migrations/migration.ts';
import {
  type MigrationLimits,
  MigrationLockedError,
  pauseAfterLock,
  usualLimits,
} from '../../platform/database/migrations/migration-limits.ts';
import {
  type MigrationState,
  migrateDown,
  migrateUp,
  readMigrationState,
} from '../../platform/database/migrations/migrator.ts';
import * as store from './tenancy.store.ts';
import { migrationTargetOf } from './tenant.ts';

export type TenantMigration = { slug: string; applied: string[]; error: string | null };

export type MigrateTenantsOptions = {
  /** Slugs; where it is left out, all. */
  only?: readonly string[] | undefined;
  limits?: MigrationLimits | undefined;
  signal?: AbortSignal | undefined;
};

type Tried = TenantMigration & { isLocked: boolean };

/** Schemas that one command migrates at the same time: each waits for the disk more than it works. */
const AT_ONCE = 4;

/**
 * Migrates every tenant. One that fails keeps its old tables, is marked and is not served; the others go on. One whose tables
 * others hold comes again when all had their turn; after `lockTries` turns it is told, but not marked: its old tables serve.
 */
export async function migrateTenants(
  database: Database,
  migrations: readonly Migration[],
  { only, limits = usualLimits, signal }: MigrateTenantsOptions = {},
): Promise<TenantMigration[]> {
  const tenants = (await store.listTenants(database.db)).filter(({ slug }) => only?.includes(slug) ?? true);
  const results = new Map<string, Tried>();
  let left = tenants;
  for (let turn = 1; left.length > 0 && turn <= limits.lockTries; turn += 1) {
    if (turn > 1) await pauseAfterLock(turn - 1, limits, signal);
    await eachOf(left, database.kind === 'server' ? AT_ONCE : 1, async ({ slug, migration_error: before }) => {
      signal?.throwIfAborted();
      const earlier = results.get(slug)?.applied ?? [];
      const result = await migrateTenant(database, slug, migrations, { ...limits, lockTries: 1 }, earlier);
      results.set(slug, result);
      if (!result.isLocked && result.error !== before) await store.setMigrationError(database.db, slug, result.error);
    });
    left = left.filter(({ slug }) => results.get(slug)?.isLocked);
  }
  return tenants.map(({ slug }) => {
    const { applied, error } = results.get(slug) ?? { applied: [], error: null };
    return { slug, applied, error };
  });
}

async function migrateTenant(
  database: Database,
  slug: string,
  migrations: readonly Migration[],
  limits: MigrationLimits,
  earlier: readonly string[],
): Promise<Tried> {
  const applied = [...earlier];
  try {
    const onApplied = (id: string) => applied.push(id);
    await migrateUp(database, migrationTargetOf({ slug }), migrations, { limits, onApplied });
    return { slug, applied, error: null, isLocked: false };
  } catch (error) {
    const isLocked = error instanceof MigrationLockedError;
    return { slug, applied, error: error instanceof Error ? error.message : String(error), isLocked };
  }
}

/** Takes back, in every tenant, the migrations whose ids are above `above`. What only they held is gone.
 * @throws MigrationLockedError at the first tenant that others hold; the same call goes on from there */
export async function takeBackTenants(
  database: Database,
  migrations: readonly Migration[],
  { above, limits }: { above: string; limits?: MigrationLimits },
): Promise<{ slug: string; taken: string[] }[]> {
  const results: { slug: string; taken: string[] }[] = [];
  for (const { slug } of await store.listTenants(database.db)) {
    const taken: string[] = [];
    for (;;) {
      const id = await migrateDown(database, migrationTargetOf({ slug }), migrations, { above, limits });
      if (id === null) break;
      taken.push(id);
    }
    results.push({ slug, taken });
  }
  return results;
}

export type TenantState = MigrationState & { slug: string; migration_error: string | null };

/** The state of every tenant's schema, with the error of its last migration if that failed. */
export async function readTenantStates(database: Database, migrations: readonly Migration[]): Promise<TenantState[]> {
  const tenants = await store.listTenants(database.db);
  const states: TenantState[] = [];
  for (const { slug, migration_error } of tenants) {
    const state = await readMigrationState(database.db, migrationTargetOf({ slug }), migrations);
    states.push({ slug, migration_error, ...state });
  }
  return states;
}

/**
 * Slugs of tenants that a server of the version before has made after the others were migrated: they lack what that version
 * does not know, and nobody else will bring it to them. `createdSince`: only those are looked at.
 */
export async function findLateTenants(
  database: Database,
  migrations: readonly Migration[],
  createdSince: Date | null,
): Promise<string[]> {
  const tenants = await store.listTenants(database.db);
  const late: string[] = [];
  for (const { slug, created_at, migration_error } of tenants) {
    if (migration_error !== null || (createdSince !== null && created_at < createdSince)) continue;
    const target = migrationTargetOf({ slug });
    const { pending, faults } = await readMigrationState(database.db, target, migrations);
    const first = pending[0];
    if (first === undefined || faults.length > 0) continue;
    const begun = await firstAppliedAt(database, tenants, first);
    if (begun !== null && created_at >= begun) late.push(slug);
  }
  return late;
}

/** When the tenants had this migration: told by the oldest, which was there when it came. */
async function firstAppliedAt(
  database: Database,
  tenants: readonly store.TenantRow[],
  id: string,
): Promise<Date | null> {
  const oldest = tenants.toSorted((a, b) => a.created_at.getTime() - b.created_at.getTime());
  for (const tenant of oldest) {
    const at = await store.findAppliedAt(database.db, tenant, id);
    if (at !== null) return at;
  }
  return null;
}

async function eachOf<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
