import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { FIRST, makeTarget, migration, THIRD, tablesOf } from '../../../../test/support/migrations/steps.ts';
import { MigrationLockedError } from './migration-limits.ts';
import { type MigrationTarget, migrateDown, migrateUp, readMigrationState } from './migrator.ts';

// The embedded database has room for one process: nobody is beside a migration.
describe.each(testDatabases().filter(({ kind }) => kind === 'server'))(
  'beside others, on the $kind database',
  ({ open }) => {
    let db: TestDatabase;
    beforeAll(async () => {
      db = await open();
    });
    afterAll(() => db.close());

    const IN_A_HURRY = { lockTimeout: 30, lockTries: 3, statementTimeout: 60_000 };

    /** Somebody who works on a table in a long transaction, until told to end. */
    async function holdTable(target: MigrationTarget, table: string, mode = 'ACCESS SHARE') {
      const { promise: end, resolve } = Promise.withResolvers<void>();
      const held = Promise.withResolvers<void>();
      const done = db.database.transaction(async (trx) => {
        await sql`LOCK TABLE ${sql.id(target.schema, table)} IN ${sql.raw(mode)} MODE`.execute(trx);
        held.resolve();
        await end;
      });
      await held.promise;
      return async () => {
        resolve();
        await done;
      };
    }

    const WIDER = migration(2, 'ALTER TABLE first ADD COLUMN colour text;', 'ALTER TABLE first DROP COLUMN colour;');

    test('a table that others hold is asked for briefly, some times, and then left as it was', async () => {
      const target = await makeTarget(db.database);
      await migrateUp(db.database, target, [FIRST]);
      const release = await holdTable(target, 'first');
      const waited = migrateUp(db.database, target, [FIRST, WIDER, THIRD], { limits: IN_A_HURRY });
      const error = await waited.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(MigrationLockedError);
      expect(String(error)).toContain(
        `Schema ${target.schema}: migration 0002_step got no lock within 30 ms in 3 tries, because a long transaction holds it.`,
      );
      expect(await tablesOf(db.database, target)).toEqual(['first']);
      await release();
      expect(await migrateUp(db.database, target, [FIRST, WIDER, THIRD], { limits: IN_A_HURRY })).toEqual([
        '0002_step',
        '0003_step',
      ]);
    });

    test('once the holder lets go, the next try goes on; a reader that comes meanwhile waits no longer than one try', async () => {
      const target = await makeTarget(db.database);
      await migrateUp(db.database, target, [FIRST]);
      const release = await holdTable(target, 'first');
      const limits = { ...IN_A_HURRY, lockTries: 1_000 };
      const migrated = migrateUp(db.database, target, [FIRST, WIDER], { limits });
      for (let read = 0; read < 5; read += 1) await db.database.execute(`SELECT * FROM ${target.schema}.first`);
      await release();
      expect(await migrated).toEqual(['0002_step']);
    });

    test('a statement of a migration may take longer than one of a request, but not for ever', async () => {
      const target = await makeTarget(db.database);
      const slow = [migration(1, 'SELECT pg_sleep(10);')];
      const limits = { ...IN_A_HURRY, statementTimeout: 100 };
      await expect(migrateUp(db.database, target, slow, { limits })).rejects.toThrow('statement timeout');
      expect((await readMigrationState(db.database.db, target, slow)).pending).toEqual(['0001_step']);
    });

    test('an index is built beside writers, and one that was broken off is built anew', async () => {
      const target = await makeTarget(db.database);
      const first = sql.id(target.schema, 'first');
      const unique = migration(
        2,
        'CREATE UNIQUE INDEX CONCURRENTLY first_id ON first (id);',
        'DROP INDEX CONCURRENTLY first_id;',
      );
      const all = [FIRST, unique];
      await migrateUp(db.database, target, [FIRST]);
      await sql`INSERT INTO ${first} VALUES (1), (1)`.execute(db.database.db);
      await expect(migrateUp(db.database, target, all)).rejects.toThrow('could not create unique index');
      const indexes = async () => {
        const { rows } = await db.database.execute(
          'SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)',
          [`${target.schema}.first_id`],
        );
        return rows.map(({ indisvalid }) => indisvalid);
      };
      expect(await indexes()).toEqual([false]);

      await sql`DELETE FROM ${first}`.execute(db.database.db);
      const release = await holdTable(target, 'first', 'ROW EXCLUSIVE');
      const built = migrateUp(db.database, target, all);
      const asksFor = sql<{ pid: number }>`SELECT pid FROM pg_stat_activity
      WHERE query LIKE '%INDEX CONCURRENTLY%first_id%' AND wait_event_type = 'Lock' AND datname = current_database()`;
      await expect.poll(async () => (await asksFor.execute(db.database.db)).rows.length, { timeout: 20_000 }).toBe(1);
      await sql`INSERT INTO ${first} VALUES (7)`.execute(db.database.db);
      await release();
      expect(await built).toEqual(['0002_step']);
      expect(await indexes()).toEqual([true]);
      const { rows } = await db.database.execute("SELECT current_setting('search_path') AS path");
      expect(rows[0]?.path).not.toContain(target.schema);
      expect(await migrateDown(db.database, target, all)).toBe('0002_step');
      expect(await indexes()).toEqual([]);
    });
  },
);
