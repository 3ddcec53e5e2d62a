import { CompiledQuery, sql } from 'kysely';
import { type Db, identifier } from './database.ts';

/** SQL that reads and writes whole tables of the current schema, whatever they are: what a migration adds is in each archive
 * and each backup at once. All of it is for the transaction that entered the schema. */

/** Rows become the same text on every server and in every time zone. */
export const SAME_TEXT_EVERYWHERE =
  "SET LOCAL timezone TO 'UTC'; SET LOCAL intervalstyle TO 'postgres'; SET LOCAL bytea_output TO 'hex'; SET LOCAL extra_float_digits TO 1";

/** Kept by the migrator, which writes it anew. */
const TRACKING = 'schema_migration';

/** `<id> <checksum>` of each migration that a schema has; of the current one where none is named. */
export async function listMigrations(db: Db, schema?: string): Promise<string[]> {
  const table = schema === undefined ? TRACKING : `${identifier(schema)}.${TRACKING}`;
  const { rows } = await db.executeQuery<{ text: string }>(
    CompiledQuery.raw(`SELECT id || ' ' || checksum AS text FROM ${table} ORDER BY id`),
  );
  return rows.map(({ text }) => text);
}

/** A batch of rows is near this size: a table of files must not be held in memory at once. */
const BATCH_CHARACTERS = 2_000_000;
const MOST_ROWS = 1_000;
const FIRST_ROWS = 8;

/** Rows of a table as JSON texts, some at a time, by a cursor. */
export async function* readTable(trx: Db, table: string, columns: readonly string[]): AsyncGenerator<string[]> {
  const rows = rowTexts(table, columns);
  await trx.executeQuery(CompiledQuery.raw(`DECLARE copied NO SCROLL CURSOR FOR ${rows}`));
  for (let count = FIRST_ROWS; ; ) {
    const batch = await trx.executeQuery<{ line: string }>(CompiledQuery.raw(`FETCH ${count} FROM copied`));
    if (batch.rows.length === 0) break;
    // A line end can only stand between the words of a column of type json.
    const texts = batch.rows.map(({ line }) => line.replaceAll(/[\r\n]/g, ' '));
    yield texts;
    const characters = texts.reduce((sum, { length }) => sum + length, 1);
    count = Math.max(1, Math.min(MOST_ROWS, 4 * count, Math.floor((count * BATCH_CHARACTERS) / characters)));
  }
  await trx.executeQuery(CompiledQuery.raw('CLOSE copied'));
}

function rowTexts(table: string, columns: readonly string[]): string {
  const names = columns.map(identifier).join(', ');
  // Not jsonb: it would order the keys of columns of type json, and refuse what only json can hold.
  return `SELECT row_to_json(t)::text AS line FROM (SELECT ${names} FROM ${identifier(table)}) t`;
}

export async function countTable(trx: Db, table: string): Promise<number> {
  const text = `SELECT count(*)::int AS count FROM ${identifier(table)}`;
  const { rows } = await trx.executeQuery<{ count: number }>(CompiledQuery.raw(text));
  return rows[0]?.count ?? 0;
}

/** How many rows a table has, and a sum over all of them that no order changes; `sumRow` makes the same of their texts. */
export type TableSum = { rows: number; sum: string };

/** Of every table of the schema, in one round trip. */
export async function sumTables(trx: Db): Promise<Record<string, TableSum>> {
  const part = (start: number) => `coalesce(sum(('x' || substr(hash, ${start}, 15))::bit(60)::bigint), 0)`;
  const texts = [...(await listColumns(trx))].map(
    ([
      table,
      columns,
    ]) => `SELECT ${literal(table)} AS name, count(*)::int AS rows, ${part(1)} || '.' || ${part(16)} AS sum
      FROM (SELECT encode(sha256(convert_to(line, 'UTF8')), 'hex') AS hash FROM (${rowTexts(table, columns)}) texts) hashes`,
  );
  if (texts.length === 0) return {};
  const { rows: found } = await trx.executeQuery<TableSum & { name: string }>(
    CompiledQuery.raw(texts.join(' UNION ALL ')),
  );
  return Object.fromEntries(found.map(({ name, rows, sum }) => [name, { rows, sum }]));
}

/** Those of the tables that have a row. */
export async function filledTables(trx: Db, tables: Iterable<string>): Promise<ReadonlySet<string>> {
  const texts = [...tables].map(
    (table) => `SELECT ${literal(table)} AS name WHERE EXISTS (SELECT FROM ${identifier(table)})`,
  );
  if (texts.length === 0) return new Set();
  const { rows } = await trx.executeQuery<{ name: string }>(CompiledQuery.raw(texts.join(' UNION ALL ')));
  return new Set(rows.map(({ name }) => name));
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

type ForeignKey = { table: string; name: string; definition: string };

/** Takes the foreign keys away, so that tables can come in any order; what was taken is put back by `restoreForeignKeys`. */
export async function dropForeignKeys(trx: Db): Promise<ForeignKey[]> {
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
export async function restoreForeignKeys(trx: Db, keys: readonly ForeignKey[]): Promise<void> {
  for (const { table, name, definition } of keys) {
    const text = `ALTER TABLE ${identifier(table)} ADD CONSTRAINT ${identifier(name)} ${definition}`;
    await trx.executeQuery(CompiledQuery.raw(text));
  }
}

/** The columns of every table that take values, by table: not those that Postgres computes. */
export async function listColumns(trx: Db): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await sql<{ table: string; names: string[] }>`
    SELECT c.relname AS table, array_agg(a.attname::text ORDER BY a.attnum) AS names
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname <> ${TRACKING}
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    GROUP BY c.relname ORDER BY c.relname`.execute(trx);
  return new Map(rows.map(({ table, names }) => [table, names]));
}

export async function writeRows(
  trx: Db,
  table: string,
  columns: readonly string[],
  rows: readonly string[],
): Promise<void> {
  const list = `[${rows.join(',')}]`;
  const hasZeros = list.includes(ZERO);
  const json = hasZeros ? await jsonColumns(trx, table) : [];
  const names = columns.map(identifier).join(', ');
  const values = columns.map((name) => {
    const column = identifier(name);
    return json.includes(name) ? `replace(${column}::text, '${STAND_IN}', '${ZERO}')::json` : column;
  });
  const text = `INSERT INTO ${identifier(table)} (${names}) OVERRIDING SYSTEM VALUE
    SELECT ${values.join(', ')} FROM json_populate_recordset(NULL::${identifier(table)}, $1::json)`;
  await trx.executeQuery(CompiledQuery.raw(text, [hasZeros ? withoutZeros(list) : list]));
}

/** A column of type json holds it, and no function of Postgres that takes JSON apart does: what stands for it meanwhile. */
const ZERO = '\\u0000';
const STAND_IN = 'parley:zero:d3b8f0a2c6e14f7d';

/** Escapes are read in pairs: behind a backslash that is itself escaped there is no zero. */
function withoutZeros(json: string): string {
  return json.replaceAll(/\\(?:\\|u0000)/g, (found) => (found === ZERO ? STAND_IN : found));
}

async function jsonColumns(trx: Db, table: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT attname AS name FROM pg_attribute
    WHERE attrelid = (quote_ident(current_schema()) || '.' || quote_ident(${table}))::regclass
      AND atttypid = 'json'::regtype AND attnum > 0 AND NOT attisdropped`.execute(trx);
  return rows.map(({ name }) => name);
}

/** Takes away what migrations put there, before the rows of a backup come. */
export async function emptyTables(trx: Db, tables: Iterable<string>): Promise<void> {
  // A table that only ever grows is not even asked.
  for (const table of await filledTables(trx, tables)) {
    await trx.executeQuery(CompiledQuery.raw(`DELETE FROM ${identifier(table)}`));
  }
}

/** Numbers that Postgres gives, in any table of the schema, go on behind the highest that came. */
export async function advanceSequences(trx: Db): Promise<void> {
  const { rows } = await sql<{ table: string; column: string; sequence: string | null }>`
    SELECT c.relname AS table, a.attname AS column,
      pg_get_serial_sequence(quote_ident(current_schema()) || '.' || quote_ident(c.relname), a.attname) AS sequence
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
      AND a.attnum > 0 AND NOT a.attisdropped AND (a.attidentity <> '' OR a.atthasdef)`.execute(trx);
  for (const { table, column, sequence } of rows) {
    if (sequence === null) continue;
    const text = `SELECT setval($1, greatest(1, coalesce((SELECT max(${identifier(column)}) FROM ${identifier(table)}), 1)))`;
    await trx.executeQuery(CompiledQuery.raw(text, [sequence]));
  }
}
