import type { Database } from '../database.ts';
import { loadMigrations, type Migration } from './migration.ts';
import { type MigrateOptions, migrateUp, platformTarget, preparePlatform } from './migrator.ts';

export const migrationFolder = new URL('../../../../migrations/', import.meta.url).pathname;

export async function loadOwnMigrations(): Promise<readonly Migration[]> {
  return loadMigrations(migrationFolder);
}

/** Brings the platform's schema up to this program. Tenants are migrated by the tenancy feature. */
export async function migratePlatform(
  database: Database,
  migrations: readonly Migration[],
  options: MigrateOptions = {},
): Promise<string[]> {
  await preparePlatform(database);
  return migrateUp(database, platformTarget, migrations, options);
}
