import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../test/support/databases.ts';
import { makeTenant } from '../../../test/support/tenants.ts';
import { loadOwnMigrations } from '../../platform/database/migrations/installation.ts';
import { type Migration, parseMigration } from '../../platform/database/migrations/migration.ts';
import { migrateDown } from '../../platform/database/migrations/migrator.ts';
import {
  createTenant,
  findLateTenants,
  findTenantBySlug,
  inTenant,
  migrateTenants,
  migrationTargetOf,
  readTenantStates,
  type Tenant,
  takeBackTenants,
} from './index.ts';

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
    const results = await migrateTenants(db.database, all, { only: [tenants.stubborn.slug] });
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
    await takeBackTenants(db.database, [...all, added], { above: NEXT.id });
  });

  test('one that an older server makes after the others were migrated is found and brought along', async () => {
    await migrateTenants(db.database, all);
    const older = all.filter(({ id }) => id !== NEXT.id);
    const late = await db.database.transaction((trx) => createTenant(trx, { name: 'd late' }, older));
    expect(await findLateTenants(db.database, all, null)).toEqual([late.slug]);
    expect(await findLateTenants(db.database, all, new Date(Date.now() + 60_000))).toEqual([]);
    await migrateTenants(db.database, all, { only: [late.slug] });
    expect(await findLateTenants(db.database, all, null)).toEqual([]);
    // Taken back by hand: it was there before, so that an operator has a reason.
    await migrateDown(db.database, migrationTargetOf(tenants.first), all);
    expect(await findLateTenants(db.database, all, null)).toEqual([]);
  });

  test('all are taken back to a number, and come again', async () => {
    const last = all.findLast(({ id, scope }) => id < NEXT.id && scope === 'tenant')?.id ?? '';
    const added = { ...NEXT, id: '9002_again', up: ['CREATE TABLE again (id int)'], down: ['DROP TABLE again'] };
    const more = [...all, added];
    await migrateTenants(db.database, more);
    const taken = await takeBackTenants(db.database, more, { above: last });
    expect(taken.map(({ taken: ids }) => ids)).toEqual(taken.map(() => ['9002_again', '9000_next']));
    const states = await readTenantStates(db.database, more);
    expect(states.every(({ pending }) => pending.join() === '9000_next,9002_again')).toBe(true);
    await migrateTenants(db.database, all);
  });
});

const SHRUNK = { tenants: 40, seconds: 60 };
const WHOLE = { tenants: 1_000, seconds: 300 };
/** `MANY_TENANTS=1 npx vitest run src/features/tenancy/tenant-migrations.test.ts` for a thousand. */
const MANY = process.env.MANY_TENANTS ? WHOLE : SHRUNK;

describe.each(testDatabases().filter(({ kind }) => kind === 'server'))(
  'many tenants on the $kind database',
  ({ open }) => {
    test(`${MANY.tenants} are migrated within ${MANY.seconds} s; one that fails and one that is held stop nobody`, {
      timeout: 1_800_000,
    }, async () => {
      const db = await open();
      const all = await loadOwnMigrations();
      const tenants: Tenant[] = [];
      for (let number = 1; number <= MANY.tenants; number += 1) {
        tenants.push(await makeTenant(db.database, `t${String(number).padStart(4, '0')}`));
      }
      const [failing, held] = [tenants[3] as Tenant, tenants[7] as Tenant];
      await inTenant(db.database, failing, (trx) => sql`ALTER TABLE session ADD COLUMN colour int`.execute(trx));
      const { promise: end, resolve } = Promise.withResolvers<void>();
      const locked = Promise.withResolvers<void>();
      const holder = inTenant(db.database, held, async (trx) => {
        await trx.selectFrom('session').select('id').execute();
        locked.resolve();
        await end;
      });
      await locked.promise;

      const limits = { lockTimeout: 50, lockTries: 3, statementTimeout: 60_000 };
      const began = performance.now();
      const results = await migrateTenants(db.database, [...all, NEXT], { limits });
      const seconds = (performance.now() - began) / 1_000;
      if (process.env.MANY_TENANTS) process.stderr.write(`${MANY.tenants} tenants: ${seconds.toFixed(1)} s\n`);
      expect(seconds).toBeLessThan(MANY.seconds);
      expect(results.map(({ slug }) => slug)).toEqual(tenants.map(({ slug }) => slug));
      expect(results.filter(({ error }) => error === null)).toHaveLength(MANY.tenants - 2);
      expect(results[3]?.error).toContain('colour');
      expect(results[7]?.error).toContain('got no lock within 50 ms');
      expect((await findTenantBySlug(db.database.db, failing.slug))?.migration_error).toContain('colour');
      // Its old tables serve: only its migration waits.
      expect((await findTenantBySlug(db.database.db, held.slug))?.migration_error).toBeNull();

      resolve();
      await holder;
      const again = await migrateTenants(db.database, [...all, NEXT], { limits });
      expect(again.filter(({ applied }) => applied.length > 0)).toEqual([
        { slug: held.slug, applied: ['9000_next'], error: null },
      ]);
      // Not dropped: that would take its time, and the server goes with the run.
      await db.database.close();
    });
  },
);
