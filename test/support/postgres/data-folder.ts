import { execFile } from 'node:child_process';
import { access, chown, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { PostgresInstallation } from './installation.ts';
import { abandonedFolders, isAlive, makeOwnedFolder, testRoot } from './owned-folder.ts';

const run = promisify(execFile);

/** Whom the server runs as; null is whoever runs the tests. */
export type ServerAccount = { readonly uid: number; readonly gid: number } | null;

const INITDB_OPTIONS = [
  '--username=postgres',
  '--encoding=UTF8',
  '--locale=C.UTF-8',
  '--auth-local=trust',
  '--auth-host=scram-sha-256',
  '--no-sync',
];

/** PostgreSQL refuses to run as root; Debian's package makes this account for it. */
export async function serverAccount(): Promise<ServerAccount> {
  if (process.getuid?.() !== 0) return null;
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((entry) => entry.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error('Running as root needs an account named postgres.');
  return { uid: Number(uid), gid: Number(gid) };
}

/** A folder of this process with an initialised `data` folder in it. The first one of a version takes 2 s, the others 0.1 s. */
export async function makeClusterFolder(installation: PostgresInstallation, account: ServerAccount): Promise<string> {
  const initialised = await initialisedData(installation, account);
  const folder = await makeServerFolder(account);
  await run('cp', ['-a', initialised, join(folder, 'data')]);
  return folder;
}

/** Stops the servers of runs that were killed, and removes their folders. */
export async function removeAbandoned(): Promise<void> {
  for (const folder of await abandonedFolders()) {
    await stopAbandoned(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

export async function makeServerFolder(account: ServerAccount): Promise<string> {
  const folder = await makeOwnedFolder();
  if (account) await chown(folder, account.uid, account.gid);
  return folder;
}

async function initialisedData(installation: PostgresInstallation, account: ServerAccount): Promise<string> {
  const version = /\d+(\.\d+)*/.exec(installation.version)?.[0] ?? 'unknown';
  const kept = join(await testRoot(), `initialised-${version}`);
  if (await exists(kept)) return kept;
  const folder = await makeServerFolder(account);
  const fresh = join(folder, 'data');
  await run(join(installation.bin, 'initdb'), [...INITDB_OPTIONS, `--pgdata=${fresh}`], { ...account, cwd: '/' });
  // Another run may have been quicker; both made the same.
  await rename(fresh, kept).catch(async (error: unknown) => {
    if (!(await exists(kept))) throw error;
  });
  await rm(folder, { recursive: true, force: true });
  return kept;
}

const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

async function stopAbandoned(folder: string): Promise<void> {
  const [line] = (await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const pid = Number(line);
  // The pid may belong to somebody else by now.
  if (!(pid > 1) || !(await commandOf(pid)).includes(folder)) return;
  process.kill(pid, 'SIGQUIT');
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while ((await isAlive(pid)) && Date.now() < deadline) await delay(POLL_MS);
}

async function commandOf(pid: number): Promise<string> {
  const fromProc = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
  if (fromProc !== null) return fromProc;
  const { stdout } = await run('ps', ['-o', 'args=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
