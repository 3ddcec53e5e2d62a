import type { Database } from '../../../src/platform/database/database.ts';
import { type Migration, parseMigration } from '../../../src/platform/database/migrations/migration.ts';
import type { MigrationTarget } from '../../../src/platform/database/migrations/migrator.ts';

/** A migration of a test's own. */
export function migration(
  number: number,
  up: string,
  down = 'SELECT 1;',
  scope: Migration['scope'] = 'tenant',
): Migration {
  const id = String(number).padStart(4, '0');
  return parseMigration(`${id}_step.sql`, scope, `-- migrate: up\n${up}\n-- migrate: down\n${down}\n`);
}

export const FIRST = migration(1, 'CREATE TABLE first (id int);', 'DROP TABLE first;');
export const SECOND = migration(2, 'CREATE TABLE second (id int);', 'DROP TABLE second;');
export const THIRD = migration(3, 'CREATE TABLE third (id int);', 'DROP TABLE third;');

let schemaCount = 0;

/** A schema of one test's own. */
export async function makeTarget(database: Database): Promise<MigrationTarget> {
  schemaCount += 1;
  const schema = `probe_${schemaCount}`;
  await database.execute(`CREATE SCHEMA ${schema}`);
  return { schema, scope: 'tenant', enter: `SET LOCAL search_path TO ${schema}, public` };
}

export async function tablesOf(database: Database, { schema }: MigrationTarget): Promise<unknown[]> {
  const { rows } = await database.execute(
    "SELECT relname FROM pg_class WHERE relnamespace = $1::text::regnamespace AND relkind = 'r' ORDER BY 1",
    [schema],
  );
  return rows.map(({ relname }) => relname).filter((name) => name !== 'schema_migration');
}
