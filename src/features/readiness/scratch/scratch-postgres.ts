import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MissingPieceError } from '../finding.ts';
import { freePort } from './free-port.ts';
import { findProgram, until } from './program.ts';
import type { ScratchSettings, WorkshopTools } from './tools.ts';

const run = promisify(execFile);
const DEBIAN_ROOT = '/usr/lib/postgresql';

/** A PostgreSQL cluster of a drill's own. */
export type ScratchPostgres = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  /** Where `pg_ctl` and `psql` are. */
  readonly bin: string;
  /** Holds `data`, and whatever a drill puts beside it. */
  readonly folder: string;
  readonly dataFolder: string;
  /** Whom its processes run as; null: whoever runs the drill. */
  readonly account: ServerAccount | null;
  /** As after a crash of its machine. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** What a statement gives, as unaligned text. */
  query(statement: string): Promise<string>;
  /** Runs a program as the server's account. */
  runAs(program: string, args: readonly string[]): Promise<string>;
};

export type ServerAccount = { uid: number; gid: number };

/** @throws MissingPieceError where this machine has no PostgreSQL with pgvector */
export async function openScratchPostgres(
  tools: WorkshopTools,
  settings: ScratchSettings,
  signal: AbortSignal,
): Promise<ScratchPostgres> {
  const bin = await serverFolder(tools);
  const account = await serverAccount();
  const folder = await mkdtemp(join(tmpdir(), 'parley-readiness-pg-'));
  const dataFolder = join(folder, 'data');
  const own = { ...(account ?? {}), cwd: '/', env: { PATH: tools.environment.PATH, PGPASSWORD: '' } };
  const password = randomBytes(16).toString('hex');
  const port = await freePort();
  if (account) await chown(folder, account.uid, account.gid);
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account) await chown(passwordFile, account.uid, account.gid);
  const initdb = ['--username=parley', `--pwfile=${passwordFile}`, '--auth-local=trust', '--auth-host=scram-sha-256'];
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    ...SETTINGS,
    ...settings,
  };
  const options = Object.entries(all).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  const pgCtl = (...args: string[]) =>
    run(join(bin, 'pg_ctl'), ['-D', dataFolder, '--wait', '-l', join(folder, 'server.log'), ...args], own);
  const stop = async () => void (await pgCtl('stop', '--mode=immediate'));
  const start = async () => {
    await pgCtl('start').catch(async (error: Error) => {
      throw new Error(`${error.message}\n${await readFile(join(folder, 'server.log'), 'utf8').catch(() => '')}`);
    });
  };
  const dispose = async () => {
    // It may be stopped already, which is a failure only for pg_ctl.
    await stop().catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const locale = ['--encoding=UTF8', '--locale=C.UTF-8', '--no-sync', `--pgdata=${dataFolder}`];
    await run(join(bin, 'initdb'), [...initdb, ...locale], own);
    await writeFile(join(dataFolder, 'postgresql.auto.conf'), `${options.join('\n')}\n`);
    await mkdir(join(folder, 'beside'));
    if (account) await chown(join(folder, 'beside'), account.uid, account.gid);
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  const psql = ['-h', folder, '-p', String(port), '-U', 'parley', '-d', 'postgres', '-XAtq', '-v', 'ON_ERROR_STOP=1'];
  return {
    url: `postgres://parley:${password}@127.0.0.1:${port}/postgres`,
    port,
    bin,
    folder,
    dataFolder,
    account,
    stop,
    start,
    query: async (statement) => (await run(join(bin, 'psql'), [...psql, '-c', statement], own)).stdout.trim(),
    runAs: async (program, args) => (await run(program, [...args], { ...own, signal })).stdout,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Durable against the death of processes, not of the machine: nothing in it outlives the drill. */
const SETTINGS: ScratchSettings = { fsync: 'off', max_connections: '60', shared_buffers: '64MB', timezone: 'UTC' };

async function serverFolder(tools: WorkshopTools): Promise<string> {
  const versions = await readdir(DEBIAN_ROOT).catch(() => []);
  const debian = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(DEBIAN_ROOT, version, 'bin'));
  for (const folder of debian) if (await hasVector(folder)) return folder;
  const found = await findProgram('initdb', tools);
  const folder = found?.slice(0, -'/initdb'.length);
  if (folder !== undefined && (await hasVector(folder))) return folder;
  throw new MissingPieceError('this machine has no PostgreSQL server with pgvector');
}

async function hasVector(bin: string): Promise<boolean> {
  const shared = await run(join(bin, 'pg_config'), ['--sharedir']).catch(() => null);
  if (shared === null) return false;
  return access(join(shared.stdout.trim(), 'extension', 'vector.control')).then(
    () => true,
    () => false,
  );
}

/** PostgreSQL refuses to run as root; its package makes this account. */
async function serverAccount(): Promise<ServerAccount | null> {
  if (process.getuid?.() !== 0) return null;
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((entry) => entry.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined)
    throw new MissingPieceError('as root, PostgreSQL needs an account named postgres');
  return { uid: Number(uid), gid: Number(gid) };
}

/** Waits until a statement gives this. */
export async function untilQuery(
  postgres: ScratchPostgres,
  statement: string,
  wanted: string,
  within: { signal: AbortSignal; within: number },
): Promise<void> {
  await until(`"${statement}" = ${wanted}`, async () => (await postgres.query(statement)) === wanted, within);
}
