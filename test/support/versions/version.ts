import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadMigrations } from '../../../src/platform/database/migrations/migration.ts';
import { type CommandResult, runParley } from '../command.ts';
import { type ParleyProcess, startParley, TEST_NODE } from '../parley-process.ts';

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

/** One version of the program, in a folder of its own or this one. */
export type Version = {
  /** The ids of its migrations, in order. */
  migrations: readonly string[];
  serve(settings: Record<string, string>): ParleyProcess;
  parley(args: readonly string[], settings: Record<string, string>): Promise<CommandResult>;
  remove(): Promise<void>;
};

/** The program as it is in this tree. */
export function thisVersion(): Promise<Version> {
  return versionIn(PROJECT, async () => undefined);
}

/** What the version after this one may bring, by the rules of `findDangerousStatements`. */
const NEXT: Readonly<Record<string, string>> = {
  'platform/9000_next.sql': `-- migrate: up
ALTER TABLE platform.tenant ADD COLUMN colour text NOT NULL DEFAULT 'none';
-- migrate: down
ALTER TABLE platform.tenant DROP COLUMN colour;
`,
  'tenant/9001_next.sql': `-- migrate: up
ALTER TABLE session ADD COLUMN colour text;
ALTER TABLE session ADD CONSTRAINT session_colour_check CHECK (colour <> '') NOT VALID;
CREATE TABLE colour (id uuid PRIMARY KEY, session_id uuid NOT NULL REFERENCES session (id) ON DELETE CASCADE);
-- migrate: down
DROP TABLE colour;
ALTER TABLE session DROP COLUMN colour;
`,
  'tenant/9002_next_index.sql': `-- migrate: up
CREATE INDEX CONCURRENTLY session_colour ON session (colour);
-- migrate: down
DROP INDEX session_colour;
`,
};

/** A copy of this tree with further migrations: a version as it may come after this one. */
export async function nextVersion(): Promise<Version> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-next-'));
  for (const part of ['src', 'migrations', 'docs/product', 'bin', 'package.json']) {
    await cp(join(PROJECT, part), join(folder, part), { recursive: true });
  }
  for (const [path, text] of Object.entries(NEXT)) await writeFile(join(folder, 'migrations', path), text);
  return versionIn(await withPackages(folder), () => rm(folder, { recursive: true, force: true }));
}

/** An earlier version, out of this repository's history. `ref` names a commit. */
export async function versionOf(ref: string): Promise<Version> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-earlier-'));
  const archive = join(folder, 'archive.tar');
  await run('git', ['archive', '--output', archive, ref], { cwd: PROJECT });
  await run('tar', ['-xf', archive, '-C', folder]);
  return versionIn(await withPackages(folder), () => rm(folder, { recursive: true, force: true }));
}

async function withPackages(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

async function versionIn(folder: string, remove: () => Promise<void>): Promise<Version> {
  const command = [...TEST_NODE, join(folder, 'src/main.ts')] as const;
  return {
    migrations: (await loadMigrations(join(folder, 'migrations'))).map(({ id }) => id),
    serve: (settings) => startParley(settings, [...command, 'serve']),
    parley: (args, settings) => runParley(args, settings, '', [...command]),
    remove,
  };
}
