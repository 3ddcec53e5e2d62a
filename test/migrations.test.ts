import { expect, test } from 'vitest';
import { loadOwnMigrations } from '../src/platform/database/migrations/installation.ts';
import { parseMigration } from '../src/platform/database/migrations/migration.ts';
import { findDangerousStatements } from './support/migrations/dangerous-statements.ts';

/**
 * Statements that were looked at and are no danger, each with its reason. Nothing was released yet: no server of a version
 * before is at work while these run.
 */
const LOOKED_AT: Readonly<Record<string, string>> = {
  '0090_budget_alert_told: changes every row at once': 'a row for each budget that ran low, a handful',
};

test('no migration breaks servers of the version before, or locks a table for long', async () => {
  const found = findDangerousStatements(await loadOwnMigrations());
  const told = found.filter(({ migration, rule }) => !(`${migration}: ${rule}` in LOOKED_AT));
  expect(
    told.map(({ migration, rule, statement, instead }) => `${migration} ${rule}: ${statement}\n→ ${instead}`),
  ).toEqual([]);
  const used = new Set(found.map(({ migration, rule }) => `${migration}: ${rule}`));
  expect(Object.keys(LOOKED_AT).filter((key) => !used.has(key))).toEqual([]);
});

const lint = (up: string) =>
  findDangerousStatements([parseMigration('0001_x.sql', 'platform', `-- migrate: up\n${up}\n-- migrate: down\n`)]).map(
    ({ rule }) => rule,
  );

test.each([
  ['DROP TABLE a;', 'drops a table'],
  ['ALTER TABLE platform.a DROP COLUMN b;', 'drops a column'],
  ['ALTER TABLE a RENAME COLUMN b TO c;', 'renames'],
  ['ALTER TABLE a ALTER COLUMN b TYPE bigint;', 'changes the type of a column'],
  ['ALTER TABLE a ADD COLUMN b int NOT NULL;', 'adds a column that old servers do not fill'],
  ['ALTER TABLE a ALTER b SET NOT NULL;', 'demands what rows may not have'],
  ['UPDATE a SET b = 1;', 'changes every row at once'],
  ['DELETE FROM a;', 'changes every row at once'],
])('%s is dangerous: it %s', (statement, rule) => {
  expect(lint(statement)).toEqual([rule]);
  expect(lint(`CREATE TABLE a (x int);\n${statement}`)).toEqual([]);
});

test.each([
  'ALTER TABLE a ADD COLUMN b int;',
  "ALTER TABLE a ADD COLUMN b text NOT NULL DEFAULT '';",
  "ALTER TABLE a ADD COLUMN b text DEFAULT '' NOT NULL;",
  'ALTER TABLE a ADD CONSTRAINT b CHECK (x IS NOT NULL) NOT VALID;',
  'UPDATE a SET b = 1 WHERE c;',
  'CREATE TABLE a (b int NOT NULL);',
])('%s is none', (statement) => {
  expect(lint(statement)).toEqual([]);
});
