import type { Migration } from '../../../src/platform/database/migrations/migration.ts';

/**
 * What must not be done to a table that servers of the version before are at work on: it breaks their statements, or holds a
 * lock for as long as it reads or rewrites the table. Tables that the same migrations make are nobody's yet.
 */
const RULES: readonly { name: string; pattern: RegExp; instead: string }[] = [
  {
    name: 'drops a table',
    pattern: /^DROP TABLE (?:IF EXISTS )?(?<table>[\w."]+)/i,
    instead: 'stop using it in one version, drop it in the next',
  },
  {
    name: 'drops a column',
    pattern: /^ALTER TABLE (?<table>[\w."]+)[\s\S]*\bDROP COLUMN\b/i,
    instead: 'stop using it in one version, drop it in the next',
  },
  {
    name: 'renames',
    pattern: /^ALTER TABLE (?<table>[\w."]+)[\s\S]*\bRENAME\b/i,
    instead: 'add the new one, fill both, drop the old one in the next version',
  },
  {
    name: 'changes the type of a column',
    pattern: /^ALTER TABLE (?<table>[\w."]+)[\s\S]*\bALTER (?:COLUMN )?[\w"]+ (?:SET DATA )?TYPE\b/i,
    instead: 'add a column of the new type, which rewrites nothing',
  },
  {
    name: 'adds a column that old servers do not fill',
    pattern:
      /^ALTER TABLE (?<table>[\w."]+)[\s\S]*\bADD (?:COLUMN )?(?!CONSTRAINT)(?:IF NOT EXISTS )?[\w"]+ [^,]*\bNOT NULL\b(?![^,]*\bDEFAULT\b)(?<!DEFAULT [^,]*NOT NULL)(?!.*GENERATED)/i,
    instead: 'give it a DEFAULT, or let it be null',
  },
  {
    name: 'demands what rows may not have',
    pattern: /^ALTER TABLE (?<table>[\w."]+)[\s\S]*\bALTER (?:COLUMN )?[\w"]+ SET NOT NULL\b/i,
    instead: 'add a CHECK … NOT VALID and validate it by itself',
  },
  {
    name: 'takes away what old servers do not fill',
    pattern: /^ALTER TABLE (?<table>[\w."]+)[\s\S]*\bALTER (?:COLUMN )?[\w"]+ DROP DEFAULT\b/i,
    instead: 'keep the default until no server of the version before is there',
  },
  {
    name: 'rewrites the table',
    pattern:
      /^(?:ALTER TABLE (?<table>[\w."]+)[\s\S]*(?:\bADD (?:COLUMN )?(?!CONSTRAINT)[\s\S]*(?:\bSTORED\b|\bSERIAL\b|\bGENERATED\b|\bDEFAULT (?:gen_random_uuid|random|clock_timestamp|nextval|uuid_generate_v4)\b)|\bSET (?:TABLESPACE|LOGGED|UNLOGGED)\b)|VACUUM FULL (?<other>[\w."]+)|CLUSTER (?<third>[\w."]+))/i,
    instead: 'add the column empty and let a job fill it in steps',
  },
  {
    name: 'builds an index while nobody may write',
    pattern:
      /^(?:CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)(?:IF NOT EXISTS )?(?:[\w"]+ )?ON (?:ONLY )?(?<table>[\w."]+)|ALTER TABLE (?<other>[\w."]+)[\s\S]*\bADD (?:CONSTRAINT [\w"]+ )?(?:UNIQUE|PRIMARY KEY|EXCLUDE)\b(?![\s\S]*USING INDEX)|ALTER TABLE (?<third>[\w."]+)[\s\S]*\bADD (?:COLUMN )?(?!CONSTRAINT)[\w"]+ [^,]*\b(?:UNIQUE|PRIMARY KEY)\b|REINDEX (?:TABLE|INDEX|SCHEMA) (?!CONCURRENTLY)(?<fourth>[\w."]+))/i,
    instead: 'CREATE INDEX CONCURRENTLY in a migration of its own, which then runs outside of any transaction',
  },
  {
    name: 'reads every row under a lock',
    pattern:
      /^ALTER TABLE (?<table>[\w."]+)[\s\S]*\bADD (?:CONSTRAINT [\w"]+ )?(?:CHECK|FOREIGN KEY)\b(?![\s\S]*NOT VALID)/i,
    instead: 'add it NOT VALID, and VALIDATE CONSTRAINT in the next migration',
  },
  {
    name: 'locks the table by hand',
    pattern: /^(?:LOCK (?:TABLE )?(?<table>[\w."]+)|TRUNCATE (?:TABLE )?(?<other>[\w."]+))/i,
    instead: 'take rows, not tables, and delete in steps',
  },
  {
    name: 'shuts old servers out',
    pattern:
      /^ALTER TABLE (?<table>[\w."]+)[\s\S]*(?:\b(?:ENABLE|FORCE) ROW LEVEL SECURITY\b|\bSET SCHEMA\b|\bOWNER TO\b)/i,
    instead: 'teach it to servers in one version, demand it in the next',
  },
  {
    name: 'has a trigger',
    pattern: /^CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER [\w"]+ [\s\S]*? ON (?<table>[\w."]+)/i,
    instead: 'write it where the row is written: Citus takes no triggers in schemas of tenants',
  },
  {
    name: 'changes every row at once',
    pattern: /^(?:UPDATE (?<table>[\w."]+) SET (?![\s\S]*\bWHERE\b)|DELETE FROM (?<other>[\w."]+)\s*$)/i,
    instead: 'let a job do it in steps',
  },
];

export type DangerousStatement = { migration: string; statement: string; rule: string; instead: string };

/** In order of the migrations. `since`: the id behind which they are looked at. Names of tables are as each migration writes them. */
export function findDangerousStatements(migrations: readonly Migration[], since = ''): DangerousStatement[] {
  const found: DangerousStatement[] = [];
  for (const migration of migrations) {
    if (migration.id <= since) continue;
    const own = new Set(migration.up.map(createdBy).filter((table) => table !== null));
    for (const statement of migration.up) {
      for (const { name, pattern, instead } of RULES) {
        const groups = pattern.exec(statement.replace(/\s+/g, ' '))?.groups;
        const table = bare(groups?.table ?? groups?.other ?? groups?.third ?? groups?.fourth ?? '');
        if (groups && !own.has(table)) found.push({ migration: migration.id, statement, rule: name, instead });
      }
    }
  }
  return found;
}

function createdBy(statement: string): string | null {
  const table = /^CREATE TABLE (?:IF NOT EXISTS )?(?<table>[\w."]+)/i.exec(statement)?.groups?.table;
  return table === undefined ? null : bare(table);
}

function bare(table: string): string {
  return table.replaceAll('"', '').replace(/^platform\./, '');
}
