import { expect, onTestFinished, test } from 'vitest';
import { openApp } from '../../test/support/app.ts';
import { testDatabases } from '../../test/support/databases.ts';
import { makeTenant } from '../../test/support/tenants.ts';
import { createTenant, migrateTenants, readTenantStates } from '../features/tenancy/index.ts';
import { parseMigration } from '../platform/database/migrations/migration.ts';
import type { JobContext } from '../platform/queue/queue.ts';
import { jobsOf } from './jobs.ts';

const NEXT = parseMigration(
  '9000_next.sql',
  'tenant',
  '-- migrate: up\nALTER TABLE session ADD COLUMN colour text;\n-- migrate: down\nALTER TABLE session DROP COLUMN colour;\n',
);

test('the job of a newer server migrates the tenants that an older one makes, and no others', async () => {
  const kind = testDatabases().find((one) => one.kind === 'server');
  if (!kind) return;
  const db = await kind.open();
  const on = await openApp(db.database);
  onTestFinished(async () => {
    await on[Symbol.asyncDispose]();
    await db.close();
  });
  const older = on.services;
  const newer = { ...older, migrations: [...older.migrations, NEXT] };
  await makeTenant(db.database, 'first');
  await migrateTenants(db.database, newer.migrations);
  await db.database.transaction((trx) => createTenant(trx, { name: 'late' }, older.migrations));
  const pending = async () => {
    const states = await readTenantStates(db.database, newer.migrations);
    return states.filter((state) => state.pending.length > 0).map(({ slug }) => slug);
  };
  const job = (services: typeof older) => jobsOf(services).find(({ name }) => name === 'tenancy.migrate-late');
  const run = (services: typeof older) => job(services)?.handle({} as never, {} as JobContext);

  await run(older);
  expect(await pending()).toEqual(['late']);
  await run(newer);
  expect(await pending()).toEqual([]);
  // The embedded database has one process: nobody else makes tenants in it.
  expect(job({ ...older, database: { ...older.database, kind: 'embedded' } })).toBeUndefined();
});
