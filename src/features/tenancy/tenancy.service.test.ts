import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../test/support/databases.ts';
import { makeTenant } from '../../../test/support/tenants.ts';
import { newId } from '../../platform/id.ts';
import { inTenant, schemaOf, type Tenant } from './index.ts';

const INSUFFICIENT_PRIVILEGE = '42501';

describe.each(testDatabases())('tenants on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let acme: Tenant;
  let globex: Tenant;

  beforeAll(async () => {
    db = await open();
    acme = await makeTenant(db.database, 'Acme');
    globex = await makeTenant(db.database, 'Globex');
  });
  afterAll(() => db.close());

  const insertSession = (tenant: Tenant, title: string) =>
    inTenant(db.database, tenant, (trx) =>
      trx.insertInto('session').values({ id: newId(), user_id: newId(), title, metadata: '{}' }).execute(),
    );
  const titlesOf = (tenant: Tenant) =>
    inTenant(db.database, tenant, async (trx) => {
      const rows = await trx.selectFrom('session').select('title').execute();
      return rows.map(({ title }) => title);
    });

  test('each tenant sees its own rows and no others', async () => {
    await insertSession(acme, 'of acme');
    await insertSession(globex, 'of globex');
    expect(await titlesOf(acme)).toEqual(['of acme']);
    expect(await titlesOf(globex)).toEqual(['of globex']);
  });

  test.each(['session', 'message', 'run', 'run_event', 'schema_migration'])(
    'Postgres refuses the neighbour’s table %s by its full name',
    async (table) => {
      const reading = inTenant(db.database, acme, (trx) =>
        sql`SELECT 1 FROM ${sql.id(schemaOf(globex), table)}`.execute(trx),
      );
      await expect(reading).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
    },
  );

  test.each(['tenant', 'worker', 'schema_migration'])('Postgres refuses the platform’s table %s', async (table) => {
    const reading = inTenant(db.database, acme, (trx) => sql`SELECT 1 FROM ${sql.id('platform', table)}`.execute(trx));
    await expect(reading).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
  });

  test('a tenant’s role makes nothing outside its schema', async () => {
    const creating = inTenant(db.database, acme, (trx) => sql`CREATE TABLE public.loot (id int)`.execute(trx));
    await expect(creating).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
  });

  test('nothing of the tenant stays on the connection', async () => {
    await titlesOf(acme);
    const { rows } = await sql<{ role: string; path: string }>`
      SELECT current_setting('role') AS role, current_setting('search_path') AS path`.execute(db.database.db);
    expect(rows[0]?.role).toBe('none');
    expect(rows[0]?.path).not.toContain('tenant_');
  });

  test('a failed statement rolls all of the transaction back, also when its error is swallowed', async () => {
    const before = await titlesOf(acme);
    const work = inTenant(db.database, acme, async (trx) => {
      await trx
        .insertInto('session')
        .values({ id: newId(), user_id: newId(), title: 'lost', metadata: '{}' })
        .execute();
      await sql`SELECT 1 / 0`.execute(trx).catch(() => undefined);
    });
    await expect(work).rejects.toThrow('rolled back');
    expect(await titlesOf(acme)).toEqual(before);
  });

  test('a role that does not exist runs nothing', async () => {
    const reading = inTenant(db.database, { id: newId(), slug: 'nobody' }, (trx) =>
      sql`SELECT 1 FROM platform.tenant`.execute(trx),
    );
    await expect(reading).rejects.toThrow();
  });

  test('a slug that is SQL never reaches the database', async () => {
    const reading = async () =>
      inTenant(db.database, { id: newId(), slug: 'x"; DROP SCHEMA platform; --' }, async () => 1);
    await expect(reading()).rejects.toThrow('not the slug');
  });

  test('two tenants of the same name get different slugs', async () => {
    const [first, second] = [await makeTenant(db.database, 'Initech'), await makeTenant(db.database, 'Initech')];
    expect(first.slug).toBe('initech');
    expect(second.slug).toMatch(/^initech-[0-9a-f]{6}$/);
  });
});
