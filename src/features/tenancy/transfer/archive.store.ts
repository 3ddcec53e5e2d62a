import { CompiledQuery, sql } from 'kysely';
import {
  type Db,
  identifier,
  type PlatformTransaction,
  type TenantTransaction,
} from '../../../platform/database/database.ts';

/** SQL that reads and writes whole tables of a tenant, whatever they are: what a feature adds is in an archive at once. */

/** Not in an archive: the tracking of migrations is the program's, answers of repeated requests are sealed for their place. */
const LEFT_OUT = new Set(['schema_migration', 'repeatable_request']);

export async function listTables(trx: TenantTransaction): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT c.relname AS name FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace ORDER BY 1`.execute(trx);
  return rows.map(({ name }) => name).filter((name) => !LEFT_OUT.has(name));
}

export async function listMigrations(db: Db, schema?: string): Promise<string[]> {
  const table = schema === undefined ? 'schema_migration' : `${identifier(schema)}.schema_migration`;
  const { rows } = await db.executeQuery<{ text: string }>(
    CompiledQuery.raw(`SELECT id || ' ' || checksum AS text FROM ${table} ORDER BY id`),
  );
  return rows.map(({ text }) => text);
}

export async function beginSnapshot(trx: TenantTransaction): Promise<void> {
  await sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`.execute(trx);
}

/** Rows of a table as JSON texts, some at a time, by a cursor. */
export async function* readTable(trx: TenantTransaction, table: string, count: number): AsyncGenerator<string[]> {
  await trx.executeQuery(
    CompiledQuery.raw(
      `DECLARE archive NO SCROLL CURSOR FOR SELECT to_jsonb(t)::text AS row FROM ${identifier(table)} t`,
    ),
  );
  for (;;) {
    const { rows } = await trx.executeQuery<{ row: string }>(CompiledQuery.raw(`FETCH ${count} FROM archive`));
    if (rows.length === 0) break;
    yield rows.map(({ row }) => row);
  }
  await trx.executeQuery(CompiledQuery.raw('CLOSE archive'));
}

export async function countTable(trx: TenantTransaction, table: string): Promise<number> {
  const text = `SELECT count(*)::int AS count FROM ${identifier(table)}`;
  const { rows } = await trx.executeQuery<{ count: number }>(CompiledQuery.raw(text));
  return rows[0]?.count ?? 0;
}

type ForeignKey = { table: string; name: string; definition: string };

/** Takes the foreign keys away, so that tables can come in any order; what was taken is put back by `restoreForeignKeys`. */
export async function dropForeignKeys(trx: TenantTransaction): Promise<ForeignKey[]> {
  const { rows } = await sql<ForeignKey>`
    SELECT c.relname AS table, k.conname AS name, pg_get_constraintdef(k.oid) AS definition
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE k.contype = 'f' AND c.relnamespace = current_schema()::regnamespace`.execute(trx);
  for (const { table, name } of rows) {
    await trx.executeQuery(CompiledQuery.raw(`ALTER TABLE ${identifier(table)} DROP CONSTRAINT ${identifier(name)}`));
  }
  return rows;
}

/** Fails when a row refers to one that is not there. */
export async function restoreForeignKeys(trx: TenantTransaction, keys: readonly ForeignKey[]): Promise<void> {
  for (const { table, name, definition } of keys) {
    const text = `ALTER TABLE ${identifier(table)} ADD CONSTRAINT ${identifier(name)} ${definition}`;
    await trx.executeQuery(CompiledQuery.raw(text));
  }
}

/** Columns that take values: not those that Postgres computes. */
export async function writableColumns(trx: TenantTransaction, table: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT attname AS name FROM pg_attribute
    WHERE attrelid = (quote_ident(current_schema()) || '.' || quote_ident(${table}))::regclass
      AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    ORDER BY attnum`.execute(trx);
  return rows.map(({ name }) => name);
}

export async function writeRows(
  trx: TenantTransaction,
  table: string,
  columns: readonly string[],
  rows: readonly string[],
): Promise<void> {
  const names = columns.map(identifier).join(', ');
  const text = `INSERT INTO ${identifier(table)} (${names}) OVERRIDING SYSTEM VALUE
    SELECT ${names} FROM jsonb_populate_recordset(NULL::${identifier(table)}, $1::jsonb)`;
  await trx.executeQuery(CompiledQuery.raw(text, [`[${rows.join(',')}]`]));
}

/** Numbers that Postgres gives go on behind the highest that came. */
export async function advanceSequences(
  trx: TenantTransaction,
  table: string,
  columns: readonly string[],
): Promise<void> {
  for (const column of columns) {
    const { rows } = await sql<{ name: string | null }>`
      SELECT pg_get_serial_sequence(quote_ident(current_schema()) || '.' || quote_ident(${table}), ${column}) AS name
    `.execute(trx);
    const sequence = rows[0]?.name;
    if (!sequence) continue;
    const text = `SELECT setval($1, greatest(1, coalesce((SELECT max(${identifier(column)}) FROM ${identifier(table)}), 1)))`;
    await trx.executeQuery(CompiledQuery.raw(text, [sequence]));
  }
}

export type ArchivedMember = { user_id: string; email: string; role: 'owner' | 'admin' | 'member' | 'viewer' };

export async function listMembers(db: Db, tenantId: string): Promise<ArchivedMember[]> {
  return db
    .selectFrom('platform.membership as membership')
    .innerJoin('platform.user as user', 'user.id', 'membership.user_id')
    .select(['user.id as user_id', 'user.email', 'membership.role'])
    .where('membership.tenant_id', '=', tenantId)
    .orderBy('user.id')
    .execute();
}

/** The account of that address joins the tenant. Its id; undefined where there is none. */
export async function joinTenant(
  trx: PlatformTransaction,
  tenantId: string,
  { email, role }: ArchivedMember,
): Promise<string | undefined> {
  const user = await trx.selectFrom('platform.user').select('id').where('email', '=', email).executeTakeFirst();
  if (!user) return undefined;
  await trx.insertInto('platform.membership').values({ tenant_id: tenantId, user_id: user.id, role }).execute();
  return user.id;
}

export async function saveSettings(
  trx: PlatformTransaction,
  tenantId: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<void> {
  const values = Object.entries(settings).map(([key, value]) => ({
    tenant_id: tenantId,
    key,
    value: JSON.stringify(value),
    updated_by: null,
  }));
  if (values.length > 0) await trx.insertInto('platform.tenant_setting').values(values).execute();
}
