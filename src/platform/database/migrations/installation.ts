import type { Database } from '../database.ts';
import { loadMigrations, type Migration } from './migration.ts';
import { migrateUp, platformTarget, preparePlatform } from './migrator.ts';

export const migrationFolder = new URL('../../../../migrations/', import.meta.url).pathname;

export async function loadOwnMigrations(): Promise<readonly Migration[]> {
  return loadMigrations(migrationFolder);
}

/** Brings the platform's schema up to this program. Tenants are migrated by the tenancy feature. */
export async function migratePlatform(database: Database, migrations: readonly Migration[]): Promise<string[]> {
  await preparePlatform(database);
  return migrateUp(database, platformTarget, migrations);
}
