import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { FIRST, makeTarget, migration, SECOND, THIRD, tablesOf } from '../../../../test/support/migrations/steps.ts';
import type { Database } from '../database.ts';
import { openServerDatabase } from '../server-database.ts';
import { loadOwnMigrations, migratePlatform } from './installation.ts';
import type { Migration } from './migration.ts';
import {
  MigrationRefusedError,
  type MigrationTarget,
  migrateDown,
  migrateUp,
  migrateWithin,
  readMigrationState,
} from './migrator.ts';

const kinds = testDatabases();

describe.each(kinds)('the migrator on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let database: Database;
  let target: MigrationTarget;

  beforeAll(async () => {
    db = await open();
    database = db.database;
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    target = await makeTarget(database);
  });

  const faultsOf = async (all: readonly Migration[]) => (await readMigrationState(database.db, target, all)).faults;

  test('applies what is pending, in order, and tells each', async () => {
    const told: string[] = [];
    const all = [FIRST, migration(2, 'ALTER TABLE first ADD COLUMN name text;'), THIRD];
    expect(await migrateUp(database, target, all, { onApplied: (id) => told.push(id) })).toEqual([
      '0001_step',
      '0002_step',
      '0003_step',
    ]);
    expect(told).toEqual(['0001_step', '0002_step', '0003_step']);
    expect(await tablesOf(database, target)).toEqual(['first', 'third']);
  });

  test('does nothing the second time', async () => {
    await migrateUp(database, target, [FIRST]);
    expect(await migrateUp(database, target, [FIRST])).toEqual([]);
    expect(await migrateUp(database, target, [FIRST, SECOND])).toEqual(['0002_step']);
  });

  test('takes only the scope of its schema, and what is for both', async () => {
    const platform = migration(1, 'CREATE TABLE of_the_platform (id int);', undefined, 'platform');
    const both = migration(2, 'CREATE TABLE of_both (id int);', undefined, 'both');
    await migrateUp(database, target, [platform, both, THIRD]);
    expect(await tablesOf(database, target)).toEqual(['of_both', 'third']);
  });

  test('a failing statement leaves nothing of its migration, and all of those before', async () => {
    const broken = migration(2, 'CREATE TABLE second (id int);\nINSERT INTO first VALUES (1);\nSELECT 1 / 0;');
    await expect(migrateUp(database, target, [FIRST, broken, THIRD])).rejects.toThrow('division by zero');
    expect(await tablesOf(database, target)).toEqual(['first']);
    const { rows } = await database.execute(`SELECT 1 FROM ${target.schema}.first`);
    expect(rows).toEqual([]);
    expect(await readMigrationState(database.db, target, [FIRST, broken, THIRD])).toMatchObject({
      applied: ['0001_step'],
      pending: ['0002_step', '0003_step'],
      faults: [],
    });
  });

  test('goes on after the failing file was mended, since it was never applied', async () => {
    const broken = migration(2, 'SELECT 1 / 0;');
    await expect(migrateUp(database, target, [FIRST, broken])).rejects.toThrow();
    expect(await migrateUp(database, target, [FIRST, SECOND])).toEqual(['0002_step']);
  });

  test('refuses a migration that was changed after it ran', async () => {
    await migrateUp(database, target, [FIRST, SECOND]);
    const changed = migration(1, 'CREATE TABLE first (id bigint);');
    expect(await faultsOf([changed, SECOND])).toEqual([{ id: '0001_step', fault: 'changed' }]);
    await expect(migrateUp(database, target, [changed, SECOND, THIRD])).rejects.toThrow(MigrationRefusedError);
    await expect(migrateDown(database, target, [changed, SECOND])).rejects.toThrow(
      'was changed after it had been applied',
    );
    expect(await tablesOf(database, target)).toEqual(['first', 'second']);
  });

  test('refuses a schema that a newer program migrated', async () => {
    await migrateUp(database, target, [FIRST, SECOND]);
    expect(await faultsOf([FIRST])).toEqual([{ id: '0002_step', fault: 'newer' }]);
    await expect(migrateUp(database, target, [FIRST])).rejects.toThrow('start that version');
    await expect(migrateDown(database, target, [FIRST])).rejects.toThrow(MigrationRefusedError);
  });

  test('refuses a gap', async () => {
    await migrateUp(database, target, [FIRST, THIRD]);
    expect(await faultsOf([FIRST, SECOND, THIRD])).toEqual([{ id: '0002_step', fault: 'gap' }]);
    await expect(migrateUp(database, target, [FIRST, SECOND, THIRD])).rejects.toThrow('give it a number after them');
    expect(await tablesOf(database, target)).toEqual(['first', 'third']);
  });

  test('names every fault at once', async () => {
    await migrateUp(database, target, [FIRST, THIRD]);
    const state = await readMigrationState(database.db, target, [migration(1, 'SELECT 1;'), SECOND]);
    expect(state.faults.map(({ fault }) => fault)).toEqual(['newer', 'changed', 'gap']);
  });

  test('takes the last one back, and applies it again', async () => {
    const all = [FIRST, SECOND];
    await migrateUp(database, target, all);
    expect(await migrateDown(database, target, all)).toBe('0002_step');
    expect(await tablesOf(database, target)).toEqual(['first']);
    expect(await migrateUp(database, target, all)).toEqual(['0002_step']);
    expect(await tablesOf(database, target)).toEqual(['first', 'second']);
  });

  test('has nothing to take back from a schema without migrations', async () => {
    expect(await migrateDown(database, target, [FIRST])).toBeNull();
  });

  test('a way back that fails changes nothing', async () => {
    const stuck = migration(2, 'CREATE TABLE second (id int);', 'DROP TABLE second;\nDROP TABLE nowhere;');
    await migrateUp(database, target, [FIRST, stuck]);
    await expect(migrateDown(database, target, [FIRST, stuck])).rejects.toThrow('nowhere');
    expect(await tablesOf(database, target)).toEqual(['first', 'second']);
    expect((await readMigrationState(database.db, target, [FIRST, stuck])).applied).toHaveLength(2);
  });

  test('runs statements with dollar quotes and semicolons in them', async () => {
    const clever = migration(
      1,
      "CREATE TABLE first (note text);\nDO $body$\nBEGIN\n  INSERT INTO first VALUES ('a;');\n  INSERT INTO first VALUES ('b');\nEND;\n$body$;",
    );
    await migrateUp(database, target, [clever]);
    const { rows } = await database.execute(`SELECT note FROM ${target.schema}.first ORDER BY 1`);
    expect(rows).toEqual([{ note: 'a;' }, { note: 'b' }]);
  });

  test('within a caller’s transaction leaves nothing when that fails', async () => {
    const work = database.transaction(async (trx) => {
      await migrateWithin(trx, target, [FIRST, SECOND]);
      await sql`SELECT 1 / 0`.execute(trx);
    });
    await expect(work).rejects.toThrow('division by zero');
    expect((await readMigrationState(database.db, target, [FIRST])).applied).toEqual([]);
    expect(await tablesOf(database, target)).toEqual([]);
  });

  test('nothing of the schema stays on the connection', async () => {
    await migrateUp(database, target, [FIRST]);
    const { rows } = await database.execute("SELECT current_setting('search_path') AS path");
    expect(rows[0]?.path).not.toContain(target.schema);
  });

  test('a schema that does not exist has nothing applied', async () => {
    const nowhere = { ...target, schema: 'nowhere' };
    expect(await readMigrationState(database.db, nowhere, [FIRST])).toMatchObject({
      applied: [],
      pending: ['0001_step'],
    });
  });

  test('the platform’s own migrations go all the way down and up again', async () => {
    const all = await loadOwnMigrations();
    const platform = all.filter(({ scope }) => scope !== 'tenant').map(({ id }) => id);
    const { schema, scope, enter } = {
      schema: 'platform',
      scope: 'platform' as const,
      enter: 'SET LOCAL search_path TO platform, public',
    };
    const taken: (string | null)[] = [];
    for (const _ of platform) taken.push(await migrateDown(database, { schema, scope, enter }, all));
    expect(taken).toEqual(platform.toReversed());
    expect(await tablesOf(database, { schema, scope, enter })).toEqual([]);
    expect(await migratePlatform(database, all)).toEqual(platform);
  });
});

// The embedded database has room for one process.
const servers = kinds.filter(({ kind }) => kind === 'server');
describe.each(servers)('the migrator on the $kind database', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  test('two processes at once apply each migration once', async () => {
    const url = db.url as string;
    const target = await makeTarget(db.database);
    let closing = false;
    const failOnError = (error: Error) => {
      if (!closing) throw error;
    };
    const options = {
      url,
      poolSize: 2,
      poolTimeout: 10_000,
      statementTimeout: 30_000,
      prepareStatements: true,
      onError: failOnError,
    };
    const others = [1, 2, 3].map((number) => openServerDatabase({ ...options, applicationName: `rival-${number}` }));
    // Long enough that the rivals surely meet: each migration waits for the lock of the one that got there first.
    const all = [FIRST, SECOND, THIRD].map(({ up, down, id }, index) =>
      migration(index + 1, `${up.join(';')};\nSELECT pg_sleep(0.05);`, `${down.join(';')}; -- ${id}`),
    );
    const applied = await Promise.all(others.map((other) => migrateUp(other, target, all)));
    expect(applied.flat().sort()).toEqual(['0001_step', '0002_step', '0003_step']);
    expect(await tablesOf(db.database, target)).toEqual(['first', 'second', 'third']);
    closing = true;
    await Promise.all(others.map((other) => other.close()));
  });
});
