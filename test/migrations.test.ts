import { expect, test } from 'vitest';
import { loadOwnMigrations } from '../src/platform/database/migrations/installation.ts';
import { parseMigration } from '../src/platform/database/migrations/migration.ts';
import { findDangerousStatements } from './support/migrations/dangerous-statements.ts';

/**
 * Statements that were looked at and are no danger, each with its reason. Nothing was released yet: no server of a version
 * before is at work while these run.
 */
const LOOKED_AT: Readonly<Record<string, string>> = {
  '0007_temporary_sessions: builds an index while nobody may write': 'of before the first version',
  '0010_waiting_runs: builds an index while nobody may write': 'of before the first version',
  '0010_waiting_runs: reads every row under a lock': 'of before the first version',
  '0020_chat_threads: builds an index while nobody may write': 'of before the first version',
  '0050_memory: builds an index while nobody may write': 'of before the first version',
  '0081_branches: builds an index while nobody may write': 'of before the first version',
  '0090_budget_alert_told: changes every row at once': 'a row for each budget that ran low, a handful',
  '0090_budget_alert_told: builds an index while nobody may write': 'the same handful',
  '0092_change_email: reads every row under a lock': 'a row for each mail that waits for its reader, a handful',
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
  ['ALTER TABLE a ALTER b DROP DEFAULT;', 'takes away what old servers do not fill'],
  ['ALTER TABLE a ADD COLUMN b uuid DEFAULT gen_random_uuid();', 'rewrites the table'],
  ['ALTER TABLE a ADD COLUMN b int GENERATED ALWAYS AS (c + 1) STORED;', 'rewrites the table'],
  ['CREATE INDEX b ON a (c);', 'builds an index while nobody may write'],
  ['CREATE UNIQUE INDEX IF NOT EXISTS b ON platform.a (c);', 'builds an index while nobody may write'],
  ['ALTER TABLE a ADD CONSTRAINT b UNIQUE (c);', 'builds an index while nobody may write'],
  ['ALTER TABLE a ADD COLUMN b int UNIQUE;', 'builds an index while nobody may write'],
  ['ALTER TABLE a ADD CONSTRAINT b CHECK (c > 0);', 'reads every row under a lock'],
  ['ALTER TABLE a ADD CONSTRAINT b FOREIGN KEY (c) REFERENCES d (c);', 'reads every row under a lock'],
  ['LOCK TABLE a IN EXCLUSIVE MODE;', 'locks the table by hand'],
  ['TRUNCATE a;', 'locks the table by hand'],
  ['ALTER TABLE a ENABLE ROW LEVEL SECURITY;', 'shuts old servers out'],
  ['CREATE TRIGGER b AFTER INSERT ON a EXECUTE FUNCTION c();', 'has a trigger'],
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
  'ALTER TABLE a ADD CONSTRAINT b FOREIGN KEY (c) REFERENCES d (c) NOT VALID;',
  'ALTER TABLE a VALIDATE CONSTRAINT b;',
  'ALTER TABLE a ADD CONSTRAINT b UNIQUE USING INDEX c;',
  'ALTER TABLE a ADD COLUMN b timestamptz NOT NULL DEFAULT now();',
  'CREATE INDEX CONCURRENTLY b ON a (c);',
  'UPDATE a SET b = 1 WHERE c;',
  'CREATE TABLE a (b int NOT NULL);',
])('%s is none', (statement) => {
  expect(lint(statement)).toEqual([]);
});
