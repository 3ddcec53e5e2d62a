import { execFile } from 'node:child_process';
import { access, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A PostgreSQL server on this machine that has pgvector. */
export type PostgresInstallation = {
  /** The folder of `postgres`, `initdb` and `pg_ctl`. */
  readonly bin: string;
  /** Full version, for example `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`. */
  readonly version: string;
};

const DEBIAN_ROOT = '/usr/lib/postgresql';

/** The newest server with pgvector, or a sentence that says what is missing. Takes about 10 ms. */
export async function findPostgres(): Promise<PostgresInstallation | string> {
  const servers = await serverFolders();
  if (servers.length === 0) return 'no PostgreSQL server was found';
  for (const bin of servers) {
    if (!(await hasPgvector(bin))) continue;
    const { stdout } = await run(join(bin, 'postgres'), ['--version']);
    return { bin, version: stdout.trim() };
  }
  return `PostgreSQL in ${servers.join(', ')} has no pgvector`;
}

async function serverFolders(): Promise<string[]> {
  const versions = await readdir(DEBIAN_ROOT).catch(() => []);
  const debian = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(DEBIAN_ROOT, version, 'bin'));
  const folders = [...debian, ...(process.env.PATH ?? '').split(delimiter)].filter((folder) => folder !== '');
  const found = await Promise.all(folders.map((folder) => isServer(folder)));
  return folders.filter((_, index) => found[index]);
}

async function isServer(folder: string): Promise<boolean> {
  const programs = ['postgres', 'initdb', 'pg_ctl', 'pg_config'];
  return (await Promise.all(programs.map((program) => exists(join(folder, program))))).every(Boolean);
}

async function hasPgvector(bin: string): Promise<boolean> {
  const { stdout } = await run(join(bin, 'pg_config'), ['--sharedir']);
  return exists(join(stdout.trim(), 'extension', 'vector.control'));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
