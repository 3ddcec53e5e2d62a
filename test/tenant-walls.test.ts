import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTenant, schemaOf, type Tenant } from '../src/features/tenancy/index.ts';
import { identifier } from '../src/platform/database/database.ts';
import { createQueue } from '../src/platform/queue/queue.ts';
import { type TestDatabase, testDatabases } from './support/databases.ts';
import { makeTenant } from './support/tenants.ts';

const REFUSED = '42501';

/** What Postgres itself refuses in a tenant's transaction, whatever the program asks for: every table that the catalog has. */
describe.each(testDatabases())('the walls of a tenant on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let acme: Tenant;
  let foreign: { schema: string; name: string; kind: string }[];

  beforeAll(async () => {
    db = await open();
    acme = await makeTenant(db.database, 'Acme');
    await makeTenant(db.database, 'Globex');
    const queue = createQueue(db.database, { onError: () => undefined, onWarning: () => undefined });
    await queue.start([], { work: false });
    await queue.stop(0);
    const { rows } = await db.database.execute(
      `SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND n.nspname <> $1
         AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'public') AND n.nspname NOT LIKE 'pg_t%'`,
      [schemaOf(acme)],
    );
    foreign = rows as typeof foreign;
  });
  afterAll(() => db.close());

  const trying = (text: string) => inTenant(db.database, acme, (trx) => sql.raw(text).execute(trx));
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'let in',
      (error: { code?: string }) => error.code,
    );

  test('are around every table of the platform, of the queue and of every other tenant', async () => {
    const schemas = new Set(foreign.map(({ schema }) => schema));
    expect([...schemas].sort()).toEqual(['pgboss', 'platform', 'tenant_globex']);
    const open: string[] = [];
    for (const { schema, name, kind } of foreign) {
      const acts = actsOn(`${identifier(schema)}.${identifier(name)}`, kind);
      for (const act of acts) if ((await codeOf(trying(act))) !== REFUSED) open.push(act);
    }
    expect(open).toEqual([]);
    expect(foreign.length).toBeGreaterThan(60);
  });

  // SET ROLE is no wall: the session's own role may take every tenant's. So no SQL that a user wrote is ever run.
  test.each([
    'CREATE SCHEMA loot',
    'CREATE ROLE loot',
    'CREATE TABLE public.loot (id int)',
    'ALTER SCHEMA tenant_globex RENAME TO loot',
    'GRANT ALL ON SCHEMA platform TO PUBLIC',
  ])('refuse %s', async (act) => {
    expect(['let in', undefined]).not.toContain(await codeOf(trying(act)));
  });
});

/** What somebody could try on a table, a view or a sequence. */
function actsOn(table: string, kind: string): string[] {
  if (kind === 'S') return [`SELECT nextval('${table}')`];
  const reading = [`SELECT 1 FROM ${table}`];
  if (kind !== 'r' && kind !== 'p') return reading;
  return [...reading, `DELETE FROM ${table}`, `TRUNCATE ${table}`, `DROP TABLE ${table}`];
}
