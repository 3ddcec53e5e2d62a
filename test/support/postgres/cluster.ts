import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../free-port.ts';
import { keep } from '../keeper.ts';
import {
  makeClusterFolder,
  makeServerFolder,
  removeAbandoned,
  type ServerAccount,
  serverAccount,
} from './data-folder.ts';
import type { PostgresInstallation } from './installation.ts';

/** A PostgreSQL server of our own: loopback, a free port, data that goes when it stops. */
export type Cluster = {
  /** The role `parley` on database `postgres`: it may create databases and roles but is no superuser, so that a missing
   * grant fails here as it would in production. */
  readonly url: string;
  /** For what only a superuser may do, for example install an extension. */
  readonly superuser: pg.ClientConfig;
  /** Holds `server.log` and `data`. */
  readonly folder: string;
  readonly pid: number;
  /** Ends the server in the middle of whatever it does, as a crash, and starts it again with the same data at the same address. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

/** Server settings, as for `-c`. */
export type ClusterSettings = Readonly<Record<string, string>>;

/** Durable against the death of any process, not against power loss: the data never outlives the run, and an fsync for
 * each commit would make every suite several times slower. Suites about durability give settings of their own. */
const SETTINGS: ClusterSettings = {
  listen_addresses: '127.0.0.1',
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  shared_buffers: '64MB',
  // The folder may be in memory.
  max_wal_size: '256MB',
  timezone: 'UTC',
};

/** PostgreSQL's word for an immediate shutdown. */
const AT_ONCE = 'SIGQUIT';
const PORT_ATTEMPTS = 5;
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

/** Starts a cluster, and first removes those whose owner died. Takes about 0.1 s, and 1 s more the first time. */
export async function startCluster(
  installation: PostgresInstallation,
  settings: ClusterSettings = {},
): Promise<Cluster> {
  await removeAbandoned();
  const account = await serverAccount();
  const folder = await makeClusterFolder(installation, account);
  const server = { bin: installation.bin, folder, account, settings: { ...SETTINGS, ...settings } };
  const remove = () => stopAndRemove(server);
  process.once('exit', remove);
  let release: (() => void) | null = null;
  const stop = async () => {
    process.off('exit', remove);
    release?.();
    remove();
  };
  try {
    const { child, superuser } = await launchOnFreePort(server);
    release = keep(child.pid ?? 0, AT_ONCE);
    const restart = async () => {
      release?.();
      await crashAndStart(server);
      release = keep(await postmasterOf(server), AT_ONCE);
    };
    return { url: await createOwner(superuser), superuser, folder, pid: child.pid ?? 0, restart, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Connects, works, disconnects. */
export async function asClient<T>(
  target: pg.ClientConfig | string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(target);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** What is needed to run the server of one folder. */
type Server = { bin: string; folder: string; account: ServerAccount; settings: ClusterSettings };
type Launched = { child: ChildProcess; superuser: SuperuserConfig };
type SuperuserConfig = { host: string; port: number; user: string; database: string };

async function launchOnFreePort(server: Server): Promise<Launched> {
  for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt += 1) {
    const port = await freePort();
    const superuser = { host: server.folder, port, user: 'postgres', database: 'postgres' };
    const child = await spawnServer(server, port);
    if (await becomesReady(child, superuser)) return { child, superuser };
  }
  throw new Error(`PostgreSQL found no free port in ${PORT_ATTEMPTS} attempts.`);
}

async function spawnServer({ bin, folder, account, settings }: Server, port: number): Promise<ChildProcess> {
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = await open(join(folder, 'server.log'), 'w');
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', join(folder, 'data'), '-k', folder, '-p', String(port), ...options],
    { ...account, cwd: '/', stdio: ['ignore', log.fd, log.fd] },
  );
  await Promise.race([once(child, 'spawn'), once(child, 'error').then(([error]) => Promise.reject(error))]);
  await log.close();
  return child;
}

/** False when the port was taken between choosing it and using it. */
async function becomesReady(child: ChildProcess, superuser: SuperuserConfig): Promise<boolean> {
  const log = join(superuser.host, 'server.log');
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; ) {
    if (child.exitCode !== null) {
      const said = await readFile(log, 'utf8');
      if (said.includes('Address already in use')) return false;
      throw new Error(`PostgreSQL did not start:\n${said}`);
    }
    if (await accepts(superuser)) return true;
    await delay(POLL_MS);
  }
  throw new Error(
    `PostgreSQL accepts no connections after ${START_TIMEOUT_MS / 1000} s:\n${await readFile(log, 'utf8')}`,
  );
}

async function accepts(target: pg.ClientConfig): Promise<boolean> {
  return asClient(target, async () => true).catch(() => false);
}

async function createOwner(superuser: SuperuserConfig): Promise<string> {
  const password = randomBytes(16).toString('hex');
  await asClient(superuser, (client) =>
    client.query(`CREATE ROLE parley LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`),
  );
  return `postgres://parley:${password}@127.0.0.1:${superuser.port}/postgres`;
}

async function crashAndStart({ bin, folder, account }: Server): Promise<void> {
  const restart = [
    'restart',
    '--mode=immediate',
    '--wait',
    '-D',
    join(folder, 'data'),
    // Beside the data, where the server's account may write.
    '-l',
    join(folder, 'data', 'restart.log'),
  ];
  const child = spawn(join(bin, 'pg_ctl'), restart, { ...account, cwd: '/', stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`pg_ctl ended with ${code}:\n${await readFile(join(folder, 'server.log'), 'utf8')}`);
}

async function postmasterOf({ folder }: Server): Promise<number> {
  return Number.parseInt(await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8'), 10);
}

/** At once and without a checkpoint, because nobody reads the data again; and synchronously, so that it also works in
 * the last moment of a process. */
function stopAndRemove({ bin, folder, account }: Server): void {
  const stop = ['stop', '--mode=immediate', '--silent', '-D', join(folder, 'data')];
  spawnSync(join(bin, 'pg_ctl'), stop, { ...account, cwd: '/', timeout: STOP_TIMEOUT_MS });
  rmSync(folder, { recursive: true, force: true });
}

/**
 * A hot standby of a cluster that was started with `REPLICATED`: a copy of it that follows. Takes about 2 s.
 * `superuser` may pause it: `SELECT pg_wal_replay_pause()`.
 */
export async function startReplica(
  installation: PostgresInstallation,
  primary: Cluster,
): Promise<Pick<Cluster, 'url' | 'superuser' | 'stop'>> {
  const account = await serverAccount();
  const folder = await makeServerFolder(account);
  const server = { bin: installation.bin, folder, account, settings: { ...SETTINGS, ...REPLICATED } };
  const remove = () => stopAndRemove(server);
  process.once('exit', remove);
  let release: (() => void) | null = null;
  const stop = async () => {
    process.off('exit', remove);
    release?.();
    remove();
  };
  const { host, port, user } = primary.superuser as SuperuserConfig;
  const copy = [
    '-h',
    host,
    '-p',
    String(port),
    '-U',
    user,
    '-D',
    join(folder, 'data'),
    '-R',
    '-X',
    'stream',
    '-c',
    'fast',
  ];
  const copied = spawnSync(join(installation.bin, 'pg_basebackup'), [...copy, '--no-sync'], { ...account, cwd: '/' });
  try {
    if (copied.status !== 0) throw new Error(`pg_basebackup ended with ${copied.status}:\n${copied.stderr}`);
    const { child, superuser } = await launchOnFreePort(server);
    release = keep(child.pid ?? 0, AT_ONCE);
    const url = new URL(primary.url);
    url.port = String(superuser.port);
    return { url: url.href, superuser, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** For a cluster that others follow. */
export const REPLICATED: ClusterSettings = { wal_level: 'replica', max_wal_senders: '4', hot_standby: 'on' };
