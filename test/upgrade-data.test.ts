import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findTenantBySlug, migrationTargetOf } from '../src/features/tenancy/index.ts';
import { runScript } from '../src/platform/database/database.ts';
import { loadOwnMigrations } from '../src/platform/database/migrations/installation.ts';
import type { Migration } from '../src/platform/database/migrations/migration.ts';
import {
  type MigrationTarget,
  migrateDown,
  migrateUp,
  migrationsOf,
  platformTarget,
} from '../src/platform/database/migrations/migrator.ts';
import { listColumns, readTable, SAME_TEXT_EVERYWHERE } from '../src/platform/database/table-copy.ts';
import { ApiClient } from './support/api-client.ts';
import { type TestDatabase, testDatabases } from './support/databases.ts';
import { startApp } from './support/served-app.ts';

const ANN = { email: 'ann@example.com', password: 'a long enough password' };

type Row = Record<string, unknown>;
type Contents = ReadonlyMap<string, { columns: readonly string[]; rows: readonly Row[] }>;

/** N → N-1 → N for every migration, in a database in which somebody has worked. */
describe.each(testDatabases())('each migration taken back and brought again on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let all: readonly Migration[];

  beforeAll(async () => {
    db = await open();
    all = await loadOwnMigrations();
  }, 240_000);
  afterAll(() => db.close());

  async function contentsOf(target: MigrationTarget): Promise<Contents> {
    const found = new Map<string, { columns: readonly string[]; rows: Row[] }>();
    await db.database.transaction(async (trx) => {
      await runScript(trx, `${target.enter}; ${SAME_TEXT_EVERYWHERE}`);
      for (const [table, columns] of await listColumns(trx)) {
        const rows: Row[] = [];
        for await (const texts of readTable(trx, table, columns)) rows.push(...texts.map((text) => JSON.parse(text)));
        found.set(table, { columns, rows });
      }
    });
    return found;
  }

  async function expectKept(target: MigrationTarget, first: string): Promise<number> {
    let filled = 0;
    for (;;) {
      const newer = await contentsOf(target);
      const id = await migrateDown(db.database, target, all, { above: first });
      if (id === null) return filled;
      const older = await contentsOf(target);
      expect(difference(older, newer), `${id} down`).toEqual([]);
      await migrateUp(
        db.database,
        target,
        all.filter((migration) => migration.id <= id),
      );
      expect(difference(older, await contentsOf(target)), `${id} up`).toEqual([]);
      filled = Math.max(filled, [...newer.values()].filter(({ rows }) => rows.length > 0).length);
      await migrateDown(db.database, target, all, { above: first });
    }
  }

  test('somebody has worked in it', { timeout: 240_000 }, async () => {
    const served = await startApp(db, { settings: { UNPRICED_MODELS: 'allow' } });
    await work(served.url);
    await served.stop();
  });

  test.each(['tenant', 'platform'] as const)(
    'loses nothing of a %s that the older version has a place for',
    async (scope) => {
      const tenant = await findTenantBySlug(db.database.db, 'ann');
      const target = scope === 'platform' ? platformTarget : migrationTargetOf(tenant ?? { slug: '' });
      const known = migrationsOf(all, scope);
      // Before its first tables there was nothing to lose.
      const first = known[scope === 'platform' ? 1 : 0]?.id ?? '';
      const before = await contentsOf(target);
      expect(await expectKept(target, first)).toBeGreaterThan(scope === 'platform' ? 5 : 8);
      const again = await migrateUp(db.database, target, all);
      expect(again).toEqual(known.map(({ id }) => id).filter((id) => id > first));
      expect([...(await contentsOf(target)).keys()]).toEqual([...before.keys()]);
    },
  );
});

/** What both versions have a place for and do not have alike. */
function difference(older: Contents, newer: Contents): string[] {
  const found: string[] = [];
  for (const [table, { columns, rows }] of older) {
    const other = newer.get(table);
    if (!other) continue;
    const common = columns.filter((column) => other.columns.includes(column));
    const [left, right] = [rows, other.rows].map((some) => some.map((row) => textOf(row, common)).sort());
    if (left?.join('\n') !== right?.join('\n')) found.push(`${table}:\n${left?.join('\n')}\n${right?.join('\n')}`);
  }
  return found;
}

function textOf(row: Row, columns: readonly string[]): string {
  return JSON.stringify(columns.map((column) => row[column]));
}

/** Somebody signs up, brings a document, asks about it, asks again, and says something to be remembered. */
async function work(url: string): Promise<void> {
  const register = await fetch(`${url}/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ANN),
  });
  expect(register.status).toBe(201);
  const client = await ApiClient.login(url, ANN);
  const form = new FormData();
  form.append(
    'file',
    new File(['The lighthouse of Vessau is 43 metres tall.'], 'lighthouse.txt', { type: 'text/plain' }),
  );
  const document = await client.post<{ id: string }>('/v1/documents', form);
  await client.until<{ status: string }>(`/v1/documents/${document.id}`, ({ status }) => status === 'ready');
  const session = await client.post<{ id: string }>('/v1/sessions', { title: 'Lighthouses' });
  await client.ask(session.id, 'How tall is the lighthouse of Vessau?');
  await client.ask(session.id, 'And who keeps it?');
  await client.post('/v1/messages', { role: 'user', content: 'I live in Vessau.' });
}
