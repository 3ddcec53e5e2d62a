import { CompiledQuery, sql } from 'kysely';
import { type Db, identifier } from '../../../platform/database/database.ts';

/** SQL around a backup: what the database is, and where a restore into it stands. */

export async function hasTable(db: Db, table: string): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`SELECT to_regclass(${table}) IS NOT NULL AS found`.execute(db);
  return rows[0]?.found ?? false;
}

export async function readNow(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`SELECT now() AS now`.execute(db);
  return rows[0]?.now ?? new Date();
}

/** Whether there is an account or a tenant: an installation that was only migrated has nothing to lose. */
export async function hasContent(db: Db): Promise<boolean> {
  if (!(await hasTable(db, 'platform.tenant'))) return false;
  const { rows } = await sql<{ found: boolean }>`
    SELECT EXISTS (SELECT FROM platform.tenant) OR EXISTS (SELECT FROM platform."user") AS found`.execute(db);
  return rows[0]?.found ?? false;
}

/** Processes that are at work on this database now. */
export async function countLiveWorkers(db: Db): Promise<number> {
  if (!(await hasTable(db, 'platform.worker'))) return 0;
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int AS count FROM platform.worker WHERE lease_until > now()`.execute(db);
  return rows[0]?.count ?? 0;
}

/** The platform's schema, the queue's and every tenant's. */
export async function listOwnSchemas(db: Db): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT nspname AS name FROM pg_namespace
    WHERE nspname IN ('platform', 'pgboss') OR starts_with(nspname, 'tenant_') ORDER BY 1`.execute(db);
  return rows.map(({ name }) => name);
}

export async function dropSchema(db: Db, schema: string): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(`DROP SCHEMA IF EXISTS ${identifier(schema)} CASCADE`));
}

export async function createPlatformSchema(trx: Db): Promise<void> {
  await sql`CREATE SCHEMA platform`.execute(trx);
  await sql`CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public`.execute(trx);
}

/** While it is there, the database is half restored: `parley_restore.step` says of which backup, and which schemas are whole. */
const PROGRESS_SCHEMA = 'parley_restore';
const PROGRESS = 'parley_restore.step';

export async function beginProgress(db: Db, backup: string): Promise<void> {
  await sql`CREATE SCHEMA IF NOT EXISTS parley_restore`.execute(db);
  await sql`CREATE TABLE IF NOT EXISTS parley_restore.step (backup text NOT NULL, schema text PRIMARY KEY)`.execute(db);
  await sql`DELETE FROM parley_restore.step`.execute(db);
  await noteProgress(db, backup, '');
}

export async function noteProgress(db: Db, backup: string, schema: string): Promise<void> {
  await sql`INSERT INTO parley_restore.step (backup, schema) VALUES (${backup}, ${schema})`.execute(db);
}

/** Null: no restore was broken off here. */
export async function readProgress(db: Db): Promise<{ backup: string; done: ReadonlySet<string> } | null> {
  if (!(await hasTable(db, PROGRESS))) return null;
  const { rows } = await sql<{ backup: string; schema: string }>`
    SELECT backup, schema FROM parley_restore.step`.execute(db);
  return { backup: rows[0]?.backup ?? '', done: new Set(rows.map(({ schema }) => schema)) };
}

export async function endProgress(db: Db): Promise<void> {
  await dropSchema(db, PROGRESS_SCHEMA);
}
