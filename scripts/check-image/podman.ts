import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
export const IMAGE = 'localhost/parley';

/** Ten minutes for the longest of them, a build. */
const LIMIT = { timeout: 600_000, maxBuffer: 64 * 2 ** 20, cwd: PROJECT };

let config: string | null = null;

/** Runs a program of containers. @throws Error with all that it said */
export async function containers(program: string, ...args: readonly string[]): Promise<string> {
  config ??= await writeConfig();
  const { stdout, stderr } = await promisify(execFile)(program, args, {
    ...LIMIT,
    env: { ...process.env, CONTAINERS_CONF: config },
  });
  return stdout + stderr;
}

export const podman = (...args: readonly string[]): Promise<string> => containers('podman', ...args);

/** What a container gets by default may be more than what this process may give. */
const MOST = 10_000;

/** Limits that this process has itself, and on a machine with both kinds of cgroups the runtime that knows them. */
async function writeConfig(): Promise<string> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const limit = (name: string, line: RegExp) => {
    const value = Math.min(Number(line.exec(limits)?.[1] ?? MOST), MOST);
    return `"${name}=${value}:${value}"`;
  };
  const ulimits = [limit('nofile', /^Max open files +\S+ +(\d+)/m), limit('nproc', /^Max processes +\S+ +(\d+)/m)];
  const runtime = existsSync('/sys/fs/cgroup/unified') ? '[engine]\nruntime = "runc"\n' : '';
  const path = join(await mkdtemp(join(tmpdir(), 'parley-containers-')), 'containers.conf');
  await writeFile(path, `[containers]\ndefault_ulimits = [${ulimits.join(', ')}]\n${runtime}`);
  return path;
}
