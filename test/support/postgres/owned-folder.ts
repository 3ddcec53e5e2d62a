import { existsSync, statfsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const TMPFS = 0x01021994;
/** Many times what a run needs: some hundred MB for its server, 30 MB for each other thing. */
const PLENTY = 8 * 2 ** 30;

/** Memory, where a machine has plenty: each tenant's schema is some 200 files, and to make and remove them on a disk is half of
 * the server's work. TMPDIR says otherwise. A benchmark, whose commits are to reach a disk, is no test. */
function quickestFolder(): string {
  const isTest = process.env.VITEST !== undefined;
  if (isTest && process.env.TMPDIR === undefined && process.availableMemory() > PLENTY && existsSync(MEMORY)) {
    const { type, bavail, bsize } = statfsSync(MEMORY);
    if (type === TMPFS && bavail * bsize > PLENTY) return MEMORY;
  }
  return tmpdir();
}

/** Holds a folder for each test run of this user, named for the process that owns it, so that a dead run's can be told. */
const ROOT = join(quickestFolder(), `parley-test-${process.getuid?.() ?? 'user'}`);
const OWNED = /^(\d+)-(\d+)-\w+$/;

/** The folder of all runs. Refused when another user made it: under a shared temp folder they could swap what is in it. */
export async function testRoot(): Promise<string> {
  await mkdir(ROOT, { recursive: true, mode: 0o755 });
  const { uid } = await lstat(ROOT);
  if (process.getuid && uid !== process.getuid()) {
    throw new Error(`${ROOT} belongs to another user. Remove it, or set TMPDIR to a folder of your own.`);
  }
  return ROOT;
}

/** A new folder that counts as abandoned once this process is dead. */
export async function makeOwnedFolder(): Promise<string> {
  return mkdtemp(join(await testRoot(), `${process.pid}-${await startOf(process.pid)}-`));
}

/** Folders whose owners died without removing them. */
export async function abandonedFolders(): Promise<string[]> {
  const root = await testRoot();
  const names = await readdir(root);
  const abandoned = await Promise.all(names.map((name) => isAbandoned(name)));
  return names.filter((_, index) => abandoned[index]).map((name) => join(root, name));
}

/** Whether a process runs. One that has ended but that nobody has waited for, as orphans in many containers, does not. */
export async function isAlive(pid: number): Promise<boolean> {
  return (await statusOf(pid)) !== null;
}

async function isAbandoned(name: string): Promise<boolean> {
  const [, pid, start] = OWNED.exec(name) ?? [];
  return pid !== undefined && (await statusOf(Number(pid)))?.start !== start;
}

async function startOf(pid: number): Promise<string> {
  const status = await statusOf(pid);
  if (!status) throw new Error(`There is no process ${pid}.`);
  return status.start;
}

/** `start` is when the process started, in the kernel's ticks: a pid alone may have been given to another since. */
type ProcessStatus = { start: string };

const STATE_AFTER_NAME = 0;
const STARTTIME_AFTER_NAME = 19;

async function statusOf(pid: number): Promise<ProcessStatus | null> {
  if (!existsSync('/proc/self/stat')) return canSignal(pid) ? { start: '0' } : null;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const start = afterName[STARTTIME_AFTER_NAME];
  return start === undefined || afterName[STATE_AFTER_NAME] === 'Z' ? null : { start };
}

function canSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
