import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../test/support/databases.ts';
import { makeTenant } from '../../../test/support/tenants.ts';
import { loadOwnMigrations } from '../../platform/database/migrations/installation.ts';
import { type Migration, parseMigration } from '../../platform/database/migrations/migration.ts';
import { findTenantBySlug, inTenant, migrateTenants, readTenantStates, type Tenant } from './index.ts';

const NEXT = parseMigration(
  '9000_next.sql',
  'tenant',
  '-- migrate: up\nALTER TABLE session ADD COLUMN colour text;\n-- migrate: down\nALTER TABLE session DROP COLUMN colour;\n',
);

describe.each(testDatabases())('migrating tenants on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let all: readonly Migration[];
  let tenants: Record<'first' | 'stubborn' | 'third', Tenant>;

  beforeAll(async () => {
    db = await open();
    all = [...(await loadOwnMigrations()), NEXT];
    tenants = {
      first: await makeTenant(db.database, 'a first'),
      stubborn: await makeTenant(db.database, 'b stubborn'),
      third: await makeTenant(db.database, 'c third'),
    };
    // What a careless hand may have done to one of them.
    await inTenant(db.database, tenants.stubborn, (trx) => sql`ALTER TABLE session ADD COLUMN colour int`.execute(trx));
  });
  afterAll(() => db.close());

  const errorOf = async ({ slug }: Tenant) => (await findTenantBySlug(db.database.db, slug))?.migration_error;

  test('a tenant that fails is marked, and those behind it go on', async () => {
    const results = await migrateTenants(db.database, all);
    expect(results.map(({ slug, applied }) => [slug, applied])).toEqual([
      ['a-first', ['9000_next']],
      ['b-stubborn', []],
      ['c-third', ['9000_next']],
    ]);
    expect(results[1]?.error).toContain('colour');
    expect(await errorOf(tenants.stubborn)).toContain('colour');
    expect(await errorOf(tenants.third)).toBeNull();
  });

  test('the state of each says so', async () => {
    const states = await readTenantStates(db.database, all);
    expect(states.map(({ slug, pending, migration_error }) => [slug, pending, migration_error !== null])).toEqual([
      ['a-first', [], false],
      ['b-stubborn', ['9000_next'], true],
      ['c-third', [], false],
    ]);
  });

  test('the failed one keeps its tables as they were', async () => {
    const rows = await inTenant(db.database, tenants.stubborn, (trx) =>
      trx.selectFrom('session').selectAll().execute(),
    );
    expect(rows).toEqual([]);
  });

  test('once its cause is gone it is migrated alone, and the mark goes', async () => {
    await inTenant(db.database, tenants.stubborn, (trx) => sql`ALTER TABLE session DROP COLUMN colour`.execute(trx));
    const results = await migrateTenants(db.database, all, tenants.stubborn.slug);
    expect(results).toEqual([{ slug: 'b-stubborn', applied: ['9000_next'], error: null }]);
    expect(await errorOf(tenants.stubborn)).toBeNull();
  });

  test('a new table belongs to the tenant’s own role', async () => {
    const added = parseMigration(
      '9001_more.sql',
      'tenant',
      '-- migrate: up\nCREATE TABLE more (id int);\n-- migrate: down\n',
    );
    await migrateTenants(db.database, [...all, added]);
    const { rows } = await db.database.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'more' ORDER BY 1");
    expect(rows.map(({ tableowner }) => tableowner)).toEqual(['tenant_a-first', 'tenant_b-stubborn', 'tenant_c-third']);
  });
});
