import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from './databases.ts';
import { asClient } from './postgres/cluster.ts';

describe.each(testDatabases())('a $kind test database', ({ kind, open }) => {
  let first: TestDatabase;
  let second: TestDatabase;

  beforeAll(async () => {
    first = await open();
    second = await open();
  });

  afterAll(async () => {
    await first.close();
    await second.close();
  });

  test('is of its kind, and has pgvector', async () => {
    expect(first.database.kind).toBe(kind);
    const { rows } = await sql<{ distance: number }>`SELECT '[0,3]'::vector <-> '[4,0]'::vector AS distance`.execute(
      first.database.db,
    );
    expect(rows).toEqual([{ distance: 5 }]);
  });

  test('is installed and empty', async () => {
    expect(await first.database.db.selectFrom('platform.tenant').selectAll().execute()).toEqual([]);
  });

  test('shares nothing with another', async () => {
    await sql`CREATE TABLE mark (id integer)`.execute(first.database.db);
    await expect(sql`SELECT * FROM mark`.execute(second.database.db)).rejects.toThrow('does not exist');
  });
});

describe.each(testDatabases().filter(({ kind }) => kind === 'server'))('the $kind test database', ({ open }) => {
  test('is gone once closed', async () => {
    const { url, close } = await open();
    await close();
    await expect(asClient(url ?? '', async () => undefined)).rejects.toThrow('does not exist');
  });

  test.skipIf(process.env.TEST_DATABASE_URL)('is used without the rights of a superuser', async () => {
    const { database, close } = await open();
    const { rows } = await sql`SELECT rolsuper FROM pg_roles WHERE rolname = current_user`.execute(database.db);
    await close();
    expect(rows).toEqual([{ rolsuper: false }]);
  });
});
