import { migrateTenants, readTenantStates } from '../features/tenancy/index.ts';
import { migratePlatform } from '../platform/database/migrations/installation.ts';
import {
  describeFaults,
  type MigrationState,
  platformTarget,
  readMigrationState,
} from '../platform/database/migrations/migrator.ts';
import type { Services } from './services.ts';

/** The database is not as this program needs it; the message says what to do. */
export class DatabaseNotReadyError extends Error {}

/**
 * Brings the database to this program, or refuses. The embedded database belongs to this program alone, so it is migrated
 * here; a server database is migrated by the operator, because other versions may be running on it.
 */
export async function prepareDatabase(services: Services): Promise<void> {
  if (services.database.kind === 'embedded') await migrateAll(services);
  else await assertMigrated(services);
}

/** Migrates the platform and every tenant. A tenant that fails is reported and stays out of service; the rest goes on. */
export async function migrateAll({ database, migrations, log }: Services) {
  const platform = await migratePlatform(database, migrations);
  const tenants = await migrateTenants(database, migrations);
  for (const { slug, error } of tenants)
    if (error !== null) log.error({ tenant: slug, error }, 'a tenant could not be migrated');
  return { platform, tenants };
}

async function assertMigrated({ database, migrations, log }: Services): Promise<void> {
  const platform = await readMigrationState(database.db, platformTarget, migrations);
  assertUsable(platform);
  for (const tenant of await readTenantStates(database, migrations)) {
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
