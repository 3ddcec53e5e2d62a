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
const SECTIONS = /^(?<before>[\s\S]*?)^-- migrate: up\n(?<up>[\s\S]*?)^-- migrate: down(?:\n(?<down>[\s\S]*))?$/m;
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
  const content = text.replaceAll('\r\n', '\n');
  try {
    // The checksum is of the text with plain line ends: Git may check it out with others, and the migration is the same.
    return { id, scope, checksum: createHash('sha256').update(content).digest('hex'), ...sectionsOf(content) };
  } catch (error) {
    throw new Error(`Migration ${scope}/${name}: ${error instanceof Error ? error.message : error}`);
  }
}

function sectionsOf(content: string): Pick<Migration, 'up' | 'down'> {
  const { before = '', up, down = '' } = SECTIONS.exec(content)?.groups ?? {};
  const stray = [before, up, down].some((section) => section?.includes('-- migrate:'));
  if (up === undefined || stray || statements(before).length > 0) {
    throw new Error(
      'it must have "-- migrate: up" and then "-- migrate: down", each once, with no statement before them.',
    );
  }
  const sections = { up: statements(up), down: statements(down) };
  if (isMixed(sections.up)) {
    throw new Error('what is built CONCURRENTLY needs a migration of its own: it runs outside of any transaction.');
  }
  return sections;
}

const CONCURRENT = /^(?:CREATE (?:UNIQUE )?INDEX|DROP INDEX) CONCURRENTLY /i;

/** Whether a statement lets others write while it works, which it cannot within a transaction. */
export function isConcurrentStatement(statement: string): boolean {
  return CONCURRENT.test(statement);
}

function isMixed(up: readonly string[]): boolean {
  const concurrent = up.filter(isConcurrentStatement).length;
  return concurrent > 0 && concurrent < up.length;
}

/** What may hold a semicolon that ends no statement (texts, names, comments, dollar quotes), or the one that does. */
const TOKEN =
  /'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\$(?<tag>[A-Za-z_]\w*)?\$[\s\S]*?(?:\$\k<tag>\$|$)|;/g;
const COMMENT = /^(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)*/;

/** One statement at a time, because Citus refuses several in one string. */
function statements(section: string): string[] {
  const ends = [...section.matchAll(TOKEN)].filter(([token]) => token === ';').map(({ index }) => index);
  const pieces = [...ends, section.length].map((end, index) => section.slice((ends[index - 1] ?? -1) + 1, end));
  const [last = '', ...complete] = pieces.map((piece) => piece.replace(COMMENT, '').trimEnd()).reverse();
  if (last !== '') throw new Error(`a statement does not end with ";": ${last.split('\n')[0]}`);
  return complete.reverse().filter((statement) => statement !== '');
}
