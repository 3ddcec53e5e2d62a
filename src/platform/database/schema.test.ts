import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../test/support/databases.ts';
import { readDatabaseTables } from '../../../test/support/schema/read-database-tables.ts';
import { readSchemaTypes } from '../../../test/support/schema/read-schema-types.ts';
import { compareTables, type Tables } from '../../../test/support/schema/table.ts';
import { makeTenant } from '../../../test/support/tenants.ts';

const files = await Array.fromAsync(glob('schema{,/*}.ts', { cwd: import.meta.dirname }));
const texts = await Promise.all(files.map((file) => readFile(join(import.meta.dirname, file), 'utf8')));
/** As one file: what one imports from another is in it. */
const text = texts.map((one) => one.replaceAll(/^import [\s\S]*?;$/gm, '')).join('\n');

describe.each(testDatabases())('schema.ts and the migrated $kind database', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  test('agree on the tables of the platform', async () => {
    const stored = await readDatabaseTables(db.database, 'platform');
    const qualified = new Map([...stored].map(([table, columns]) => [`platform.${table}`, columns]));
    expect(compareTables(readSchemaTypes(text, 'PlatformSchema'), qualified)).toEqual([]);
  });

  test('agree on the tables of a tenant', async () => {
    const { slug } = await makeTenant(db.database);
    const stored = await readDatabaseTables(db.database, `"tenant_${slug}"`);
    expect(compareTables(readSchemaTypes(text, 'TenantSchema'), stored)).toEqual([]);
  });

  test('are read wholly: every kind of column, words and defaults', async () => {
    await db.database.execute(`CREATE SCHEMA probe;
      CREATE TABLE probe.thing (id uuid PRIMARY KEY, name text, word text NOT NULL CHECK (word IN ('a', 'b')),
        single text NOT NULL DEFAULT 'x' CHECK (single IN ('x')), tags text[] NOT NULL CHECK (tags <@ ARRAY['p', 'q']),
        number bigint GENERATED ALWAYS AS IDENTITY, part real, flag boolean NOT NULL DEFAULT false,
        at timestamptz(3) NOT NULL DEFAULT now(), extra jsonb, bytes bytea NOT NULL, point vector(3));`);
    expect(compareTables(readSchemaTypes(PROBE, 'Probe'), await readDatabaseTables(db.database, 'probe'))).toEqual([]);
  });
});

const PROBE = `type Json<T> = ColumnType<T, string, string>;
type Word = 'a' | 'b';
type Tag = 'p' | 'q';
type Thing = {
  id: string; name: string | null; word: Word; single: Generated<'x'>; tags: Tag[]; number: Generated<number>;
  part: number | null; flag: Generated<boolean>; at: ColumnType<Date, Date | undefined, never>;
  extra: Json<{ deep: unknown[] }> | null; bytes: Buffer; point: string | null;
};
export type Probe = { thing: Thing };`;

describe('a comparison of types and tables', () => {
  const types = readSchemaTypes(PROBE, 'Probe');
  const thing = types.get('thing') as NonNullable<ReturnType<Tables['get']>>;
  const changed = (column: string, change: object): Tables =>
    new Map([['thing', new Map([...thing, [column, { ...thing.get(column), ...change } as never]])]]);
  const without = (column: string): Tables =>
    new Map([['thing', new Map([...thing].filter(([name]) => name !== column))]]);

  const cases: [string, Tables, string][] = [
    ['a table more', new Map([...types, ['more', thing]]), 'more is in the database and not in schema.ts'],
    ['a table less', new Map(), 'thing is in schema.ts and not in the database'],
    ['a column more', changed('new', thing.get('id') ?? {}), 'thing.new is in the database and not in schema.ts'],
    ['a column less', without('name'), 'thing.name is in schema.ts and not in the database'],
    [
      'another kind',
      changed('part', { kind: 'string' }),
      'thing.part is number in schema.ts and string in the database',
    ],
    ['null in the database only', changed('id', { nullable: true }), 'thing.id may be null in the database only'],
    ['null in the types only', changed('name', { nullable: false }), 'thing.name may be null in schema.ts only'],
    ['no default', changed('at', { hasDefault: false }), 'thing.at may be left out by schema.ts, but has no default'],
    ['other words', changed('word', { values: ['a'] }), 'thing.word holds a, b in schema.ts and a in the database'],
    [
      'words for any text',
      changed('name', { values: ['a'] }),
      'thing.name holds any text in schema.ts and a in the database',
    ],
  ];
  test.each(cases)('finds %s', (_name, database, difference) => {
    expect(compareTables(types, database)).toEqual([difference]);
  });

  test('refuses a type that it cannot read, instead of passing over it', () => {
    expect(() => readSchemaTypes('type T = { a: Map<string, string> }; type S = { t: T };', 'S')).toThrow('teach it');
  });
});
