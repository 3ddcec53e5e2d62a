import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schemaOf } from '../src/features/tenancy/index.ts';
import { loadOwnMigrations } from '../src/platform/database/migrations/installation.ts';
import { type TestDatabase, testDatabases } from './support/databases.ts';
import { makeTenant } from './support/tenants.ts';

/**
 * What Citus refuses in a schema that it keeps on another server (docs/operate/scale.md). It cannot be had on the machines of
 * the tests: this holds the tables to its list, and so proves no more than that nothing on the list is in them.
 */
describe.each(testDatabases().filter(({ kind }) => kind === 'server'))(
  'a tenant’s schema has nothing that Citus refuses, on the $kind database',
  ({ open }) => {
    let db: TestDatabase;
    let schema: string;
    beforeAll(async () => {
      db = await open();
      schema = schemaOf(await makeTenant(db.database, 'Acme'));
    });
    afterAll(() => db.close());

    const find = async (text: string) =>
      (await db.database.execute(text, [schema])).rows.map((row) => Object.values(row).join(' '));

    test.each([
      [
        'triggers',
        'SELECT tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal AND c.relnamespace = $1::text::regnamespace',
      ],
      [
        'references to other schemas',
        `SELECT conname FROM pg_constraint JOIN pg_class target ON target.oid = confrelid
       WHERE contype = 'f' AND connamespace = $1::text::regnamespace AND target.relnamespace <> connamespace`,
      ],
      [
        'references from other schemas',
        `SELECT conname FROM pg_constraint JOIN pg_class target ON target.oid = confrelid
       WHERE contype = 'f' AND target.relnamespace = $1::text::regnamespace AND target.relnamespace <> connamespace`,
      ],
      [
        'inheritance or partitions',
        "SELECT relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE c.relnamespace = $1::text::regnamespace AND c.relkind <> 'i'",
      ],
      [
        'views, foreign tables or unlogged tables',
        `SELECT relname FROM pg_class WHERE relnamespace = $1::text::regnamespace AND (relkind IN ('v', 'm', 'f') OR relpersistence <> 'p')`,
      ],
      ['functions', 'SELECT proname FROM pg_proc WHERE pronamespace = $1::text::regnamespace'],
      [
        'types of its own',
        `SELECT typname FROM pg_type t WHERE typnamespace = $1::text::regnamespace AND typtype IN ('e', 'd', 'r')`,
      ],
      [
        'sequences that are no bigint',
        `SELECT c.relname FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
       WHERE c.relnamespace = $1::text::regnamespace AND s.seqtypid <> 'bigint'::regtype`,
      ],
      [
        'policies',
        'SELECT polname FROM pg_policy JOIN pg_class c ON c.oid = polrelid WHERE c.relnamespace = $1::text::regnamespace',
      ],
    ])('no %s', async (_what, text) => {
      expect(await find(text)).toEqual([]);
    });

    test('and the search above finds what there is: its tables refer to each other', async () => {
      const own = `SELECT conname FROM pg_constraint JOIN pg_class target ON target.oid = confrelid
      WHERE contype = 'f' AND connamespace = $1::text::regnamespace AND target.relnamespace = connamespace`;
      expect((await find(own)).length).toBeGreaterThan(5);
    });
  },
);

test('a tenant’s migrations are single statements on its own tables', async () => {
  const forbidden =
    /\b(?:platform|pgboss)\.|^(?:DO|CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE|TRIGGER|TYPE|DOMAIN|EXTENSION|VIEW|MATERIALIZED|RULE)|LOCK|COPY|SET|GRANT|REVOKE)\b/i;
  const found = (await loadOwnMigrations())
    .filter(({ scope }) => scope !== 'platform')
    .flatMap(({ id, up, down }) =>
      [...up, ...down].filter((text) => forbidden.test(text)).map((text) => `${id}: ${text}`),
    );
  expect(found).toEqual([]);
});
