import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadOwnMigrations } from './installation.ts';
import { loadMigrations, parseMigration } from './migration.ts';

const file = (up: string, down = '') => `-- migrate: up\n${up}\n-- migrate: down\n${down}\n`;
const upOf = (up: string) => parseMigration('0001_a.sql', 'tenant', file(up)).up;

describe('a migration file', () => {
  test('has its statements one by one, without their semicolons', () => {
    const text = file('CREATE TABLE a (id int);\n\nCREATE TABLE b\n  (id int);', 'DROP TABLE b;\nDROP TABLE a;');
    expect(parseMigration('0007_two_tables.sql', 'both', text)).toEqual({
      id: '0007_two_tables',
      scope: 'both',
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
      up: ['CREATE TABLE a (id int)', 'CREATE TABLE b\n  (id int)'],
      down: ['DROP TABLE b', 'DROP TABLE a'],
    });
  });

  test.each([
    ['a dollar quote', 'CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN 1;\nEND;\n$$'],
    ['a named dollar quote around a plain one', 'DO $Body1$\nBEGIN PERFORM $$x;\n$$;\nEND;\n$Body1$'],
    ['a text', "INSERT INTO a VALUES ('one;\ntwo; it''s;\n')"],
    ['a quoted name', 'CREATE TABLE "odd;\nname" (id int)'],
    ['a comment behind code', 'CREATE TABLE a ( -- first;\n  id int /* second;\n */)'],
  ])('keeps the semicolons in %s', (_what, statement) => {
    expect(upOf(`${statement};\nSELECT 1;`)).toEqual([statement, 'SELECT 1']);
  });

  test('may have two statements on a line, comments between them, and empty ones', () => {
    expect(upOf('SELECT 1; SELECT 2;\n-- a word; about three\n/* and; more */ SELECT 3;;\n-- the end;')).toEqual([
      'SELECT 1',
      'SELECT 2',
      'SELECT 3',
    ]);
  });

  test('may begin with comments, and end without a down section of its own', () => {
    const text = '-- Why this is here; in short.\n\n-- migrate: up\nSELECT 1;\n-- migrate: down';
    expect(parseMigration('0001_a.sql', 'tenant', text)).toMatchObject({ up: ['SELECT 1'], down: [] });
  });

  test('is the same with the line ends of Windows', () => {
    const text = file('SELECT 1;\nSELECT 2;');
    const windows = parseMigration('0001_a.sql', 'tenant', text.replaceAll('\n', '\r\n'));
    expect(windows).toEqual(parseMigration('0001_a.sql', 'tenant', text));
  });

  test('has another checksum after any other change, of a comment too', () => {
    const checksum = (up: string) => parseMigration('0001_a.sql', 'tenant', file(up)).checksum;
    expect(checksum('SELECT 1; -- a')).not.toBe(checksum('SELECT 1; -- b'));
  });

  test.each([
    ['no sections', 'SELECT 1;', 'it must have'],
    ['no down', '-- migrate: up\nSELECT 1;\n', 'it must have'],
    ['down before up', '-- migrate: down\nSELECT 1;\n-- migrate: up\nSELECT 1;\n', 'it must have'],
    ['up twice', `${file('SELECT 1;')}${file('SELECT 2;')}`, 'it must have'],
    ['a statement before them', `SELECT 0;\n${file('SELECT 1;')}`, 'it must have'],
    ['a statement without an end', file('SELECT 1;\nSELECT 2\n'), 'a statement does not end with ";": SELECT 2'],
    [
      'an index that is built beside writers among other things',
      file('CREATE TABLE a (x int);\nCREATE INDEX CONCURRENTLY b ON a (x);'),
      'needs a migration of its own',
    ],
    ['a quote without an end', file("SELECT 'x;"), 'a statement does not end'],
  ])('is refused by its name with %s', (_what, text, reason) => {
    const parse = () => parseMigration('0001_a.sql', 'tenant', text);
    expect(parse).toThrow('Migration tenant/0001_a.sql: ');
    expect(parse).toThrow(reason);
  });

  test.each(['1_a.sql', '0001-a.sql', '0001_A.sql', '00001_a.sql', '0001_.sql'])('must not be named %s', (name) => {
    expect(() => parseMigration(name, 'tenant', file('SELECT 1;'))).toThrow('must be named NNNN_words.sql');
  });
});

describe('a folder of migrations', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'migrations-'));
    for (const scope of ['platform', 'tenant']) await mkdir(join(folder, scope));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const put = (path: string) => writeFile(join(folder, path), file('SELECT 1;'));

  test('is read in the order of numbers, over all scopes', async () => {
    for (const path of ['tenant/0003_c.sql', 'platform/0002_b.sql', 'tenant/0001_a.sql']) await put(path);
    const found = (await loadMigrations(folder)).map(({ id, scope }) => [id, scope]);
    expect(found).toEqual([
      ['0001_a', 'tenant'],
      ['0002_b', 'platform'],
      ['0003_c', 'tenant'],
    ]);
  });

  test('must not use a number twice, in another scope neither', async () => {
    for (const path of ['tenant/0001_a.sql', 'platform/0001_b.sql']) await put(path);
    await expect(loadMigrations(folder)).rejects.toThrow('0001_a and 0001_b have the same number');
  });

  test('may hold other files and lack a scope', async () => {
    for (const path of ['tenant/0001_a.sql', 'tenant/README.md']) await put(path);
    expect(await loadMigrations(folder)).toHaveLength(1);
  });
});

test('the program’s own migrations are readable, and each can be taken back', async () => {
  const migrations = await loadOwnMigrations();
  expect(migrations.length).toBeGreaterThan(3);
  for (const { id, up, down } of migrations) {
    expect(up.length, id).toBeGreaterThan(0);
    expect(down.length, id).toBeGreaterThan(0);
  }
});
