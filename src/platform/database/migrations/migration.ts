import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a migration applies: tables that all tenants share, tables that each tenant has, or both. */
export type MigrationScope = 'platform' | 'tenant' | 'both';

export type Migration = {
  /** The file's name without `.sql`; migrations run in the order of their ids. */
  id: string;
  scope: MigrationScope;
  /** SHA-256 of the file, hex. */
  checksum: string;
  up: readonly string[];
  down: readonly string[];
};

const SCOPES = ['platform', 'tenant', 'both'] as const;
const SECTIONS = /^-- migrate: up\n(?<up>[\s\S]*?)^-- migrate: down\n(?<down>[\s\S]*)$/m;
const NAME = /^(\d{4}_[a-z0-9_]+)\.sql$/;

/** Reads every migration below `folder`, in order of id. Throws on a file that is not of the form, or a number used twice. */
export async function loadMigrations(folder: string): Promise<readonly Migration[]> {
  const perScope = await Promise.all(SCOPES.map((scope) => loadScope(folder, scope)));
  const migrations = perScope.flat().sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const [index, migration] of migrations.entries()) {
    const previous = migrations[index - 1];
    if (previous && previous.id.slice(0, 4) === migration.id.slice(0, 4)) {
      throw new Error(`Migrations ${previous.id} and ${migration.id} have the same number; give one of them the next.`);
    }
  }
  return migrations;
}

async function loadScope(folder: string, scope: MigrationScope): Promise<Migration[]> {
  const names = await readdir(join(folder, scope)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return Promise.all(
    names
      .filter((name) => name.endsWith('.sql'))
      .map(async (name) => parseMigration(name, scope, await readFile(join(folder, scope, name), 'utf8'))),
  );
}

export function parseMigration(name: string, scope: MigrationScope, text: string): Migration {
  const id = NAME.exec(name)?.[1];
  if (!id) throw new Error(`Migration ${scope}/${name} must be named NNNN_words.sql.`);
  const sections = SECTIONS.exec(text.replaceAll('\r\n', '\n'))?.groups;
  if (!sections) throw new Error(`Migration ${scope}/${name} must have "-- migrate: up" and "-- migrate: down".`);
  return {
    id,
    scope,
    checksum: createHash('sha256').update(text).digest('hex'),
    up: statements(sections.up ?? ''),
    down: statements(sections.down ?? ''),
  };
}

/** One statement at a time, because Citus refuses several in one string. A statement ends with `;` at the end of a line. */
function statements(section: string): string[] {
  const found: string[] = [];
  let lines: string[] = [];
  let inDollarQuote = false;
  for (const line of section.split('\n')) {
    if (!inDollarQuote && /^\s*(--.*)?$/.test(line)) continue;
    lines.push(line);
    if ((line.match(/\$[a-z_]*\$/g) ?? []).length % 2 === 1) inDollarQuote = !inDollarQuote;
    if (!inDollarQuote && line.trimEnd().endsWith(';')) {
      found.push(lines.join('\n').trimEnd().slice(0, -1));
      lines = [];
    }
  }
  if (lines.length > 0) throw new Error(`A statement does not end with ";": ${lines[0]}`);
  return found;
}
