import type { Database } from '../../../src/platform/database/database.ts';
import type { Column, ColumnKind, Tables } from './table.ts';

const KINDS: Readonly<Record<string, ColumnKind>> = {
  uuid: 'string',
  text: 'string',
  vector: 'string',
  'text[]': 'string[]',
  integer: 'number',
  bigint: 'number',
  smallint: 'number',
  real: 'number',
  'double precision': 'number',
  numeric: 'number',
  boolean: 'boolean',
  'timestamp with time zone': 'date',
  date: 'date',
  json: 'json',
  jsonb: 'json',
  bytea: 'bytes',
};

type ColumnRow = {
  table: string;
  column: string;
  type: string;
  nullable: boolean;
  has_default: boolean;
  check: string | null;
};

/** Reads the tables of a schema out of the catalogue. @throws Error on a type that the test does not know */
export async function readDatabaseTables(database: Database, schema: string): Promise<Tables> {
  const { rows } = (await database.execute(COLUMNS, [schema])) as unknown as { rows: ColumnRow[] };
  const tables = new Map<string, Map<string, Column>>();
  for (const row of rows) {
    const columns = tables.get(row.table) ?? new Map<string, Column>();
    columns.set(row.column, columnOf(row));
    tables.set(row.table, columns);
  }
  return tables;
}

/** Checks of one column each, joined; those of several columns say nothing about the words of one. */
const COLUMNS = `SELECT c.relname AS table, a.attname AS column,
  regexp_replace(format_type(a.atttypid, a.atttypmod), '\\(\\d+\\)', '') AS type,
  NOT a.attnotnull AS nullable,
  a.atthasdef OR a.attidentity <> '' AS has_default,
  (SELECT string_agg(pg_get_constraintdef(k.oid), ' ') FROM pg_constraint k
    WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum]) AS check
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = $1::text::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped`;

function columnOf({ table, column, type, nullable, has_default, check }: ColumnRow): Column {
  const kind = KINDS[type];
  if (!kind) throw new Error(`${table}.${column} is of type ${type}, which the test does not know: teach it.`);
  return { kind, nullable, hasDefault: has_default, values: wordsIn(check) };
}

/** The words of `column IN (…)` and `column <@ ARRAY[…]`, as Postgres writes them back. */
function wordsIn(check: string | null): string[] | null {
  const list = /(?:= ANY \(|<@ )\(?ARRAY\[([^\]]*)\]/.exec(check ?? '')?.[1];
  if (list === undefined) return /\(\w+ = '([^']*)'::text\)/.exec(check ?? '')?.slice(1, 2) ?? null;
  return [...list.matchAll(/'((?:[^']|'')*)'/g)].map(([, word]) => (word as string).replaceAll("''", "'"));
}
