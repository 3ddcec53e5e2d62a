import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { readProgress } from '../features/operations/index.ts';
import { findLateTenants, migrateTenants, readTenantStates } from '../features/tenancy/index.ts';
import { migratePlatform } from '../platform/database/migrations/installation.ts';
import {
  describeFaults,
  type MigrationState,
  platformTarget,
  readMigrationState,
} from '../platform/database/migrations/migrator.ts';
import { migrationLimitsOf } from './migration-settings.ts';
import type { Services } from './services.ts';

/** The database is not as this program needs it; the message says what to do. */
export class DatabaseNotReadyError extends Error {}

/**
 * Brings the database to this program, or refuses. The embedded database belongs to this program alone, so it is migrated
 * here; a server database is migrated by the operator, because other versions may be running on it.
 */
export async function prepareDatabase(services: Services): Promise<void> {
  await assertWhole(services);
  if (services.database.kind === 'embedded') {
    await assertNotPromoted(services);
    await migrateAll(services);
  } else await assertMigrated(services);
}

/** @throws DatabaseNotReadyError where a restore or a promotion was broken off */
export async function assertWhole({ database }: Services): Promise<void> {
  const progress = await readProgress(database.db);
  if (progress === null) return;
  const again = progress.backup.startsWith(PROMOTION) ? 'npx parley promote' : `npx parley restore ${progress.backup}`;
  throw new DatabaseNotReadyError(
    `This database was filled in part only, by a command that was broken off. Run: ${again}`,
  );
}

/** By which a promotion is told from a restore. */
export const PROMOTION = 'promotion-';
/** Stands in DATA_DIR once its database has gone to a server. */
export const PROMOTED_FILE = 'promoted.json';

/** What would be written here would be missing on the server. */
async function assertNotPromoted({ config }: Services): Promise<void> {
  const file = join(config.dataDir, PROMOTED_FILE);
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) {
    throw new DatabaseNotReadyError(
      `The database in ${config.dataDir} was moved to a server: set DATABASE_URL. To go on with the old one as it was, remove ${file}.`,
    );
  }
}

/** Migrates the platform and every tenant. A tenant that fails is reported and stays out of service; the rest goes on. */
export async function migrateAll(services: Services, signal?: AbortSignal) {
  const { database, migrations, log, config } = services;
  const options = { limits: migrationLimitsOf(config), signal };
  const platform = await migratePlatform(database, migrations, options);
  const tenants = await migrateTenants(database, migrations, options);
  for (const { slug, error } of tenants)
    if (error !== null) log.error({ tenant: slug, error }, 'a tenant could not be migrated');
  return { platform, tenants };
}

/**
 * During an upgrade a server of the version before makes tenants without what it does not know. `createdSince`: only those
 * are looked at.
 */
export async function migrateLateTenants(services: Services, createdSince: Date | null): Promise<void> {
  const { database, migrations, log, config } = services;
  const only = await findLateTenants(database, migrations, createdSince);
  if (only.length === 0) return;
  for (const { slug, error } of await migrateTenants(database, migrations, {
    only,
    limits: migrationLimitsOf(config),
  })) {
    if (error === null) log.info({ tenant: slug }, 'a tenant that an older server had made was migrated');
    else log.error({ tenant: slug, error }, 'a tenant that an older server had made could not be migrated');
  }
}

async function assertMigrated(services: Services): Promise<void> {
  const { database, migrations, log } = services;
  const platform = await readMigrationState(database.db, platformTarget, migrations);
  assertUsable(platform);
  let tenants = await readTenantStates(database, migrations);
  if (tenants.some(({ pending, migration_error }) => pending.length > 0 && migration_error === null)) {
    await migrateLateTenants(services, null);
    tenants = await readTenantStates(database, migrations);
  }
  for (const tenant of tenants) {
    if (tenant.migration_error === null) assertUsable(tenant);
    else
      log.error(
        { tenant: tenant.slug, error: tenant.migration_error },
        'this tenant is out of service until it is migrated',
      );
  }
}

function assertUsable(state: MigrationState): void {
  if (state.faults.length > 0) throw new DatabaseNotReadyError(`Schema ${state.schema}: ${describeFaults(state)}.`);
  if (state.pending.length > 0) {
    throw new DatabaseNotReadyError(
      `Schema ${state.schema} lacks ${state.pending.length} migration(s), first ${state.pending[0]}. Run: npx parley migrate up`,
    );
  }
}
