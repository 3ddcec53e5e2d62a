import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endWithTests } from '../keeper.ts';

export type Installation = {
  /** A `DATA_DIR` to copy. */
  readonly folder: string;
  readonly credential: { email: string; password: string };
};

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
/** A bound on what hangs: this takes 10 s on a quiet machine. */
const TIMEOUT_MS = 240_000;
const POLL_MS = 100;

/** What a first start of the program leaves behind, its own guides read: for tests that need a running program and not
 * its first start, which is most of the work of a start. Made anew for each run, with whatever the program is now. */
export async function installationTemplate(parent: string): Promise<Installation> {
  const folder = join(parent, 'installation');
  const parley = start(folder);
  let output = '';
  for (const stream of [parley.stdout, parley.stderr])
    stream?.setEncoding('utf8').on('data', (text) => (output += text));
  const ended = once(parley, 'close');
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const said = async (pattern: RegExp) => {
      for (;;) {
        const found = pattern.exec(output)?.[1];
        if (found !== undefined) return found;
        if (parley.exitCode !== null) throw new Error('it ended by itself');
        await delay(POLL_MS, undefined, { signal });
      }
    };
    const address = await said(/Parley is at\s+(\S+)/);
    const credential = { email: await said(/e-mail\s+(\S+)/), password: await said(/password\s+(\S+)/) };
    await untilRead(address, credential, signal);
    parley.kill('SIGTERM');
    await ended;
    return { folder, credential };
  } catch (error) {
    parley.kill('SIGKILL');
    throw new Error(`The first start of Parley failed (${error}):\n${output}`);
  }
}

function start(folder: string): ChildProcess {
  const child = spawn(process.execPath, ['--liftoff-only', 'src/main.ts', 'serve'], {
    cwd: PROJECT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: '0', LOG_LEVEL: 'warn', DATA_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithTests(child);
  return child;
}

/** Waits until all the documents that the first start brings along are ready. */
async function untilRead(address: string, credential: Installation['credential'], signal: AbortSignal): Promise<void> {
  const login = await fetch(`${address}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credential),
    signal,
  });
  const { access_token } = (await login.json()) as { access_token: string };
  for (;;) {
    const headers = { authorization: `Bearer ${access_token}` };
    const response = await fetch(`${address}/v1/documents?limit=100`, { headers, signal });
    const { data } = (await response.json()) as { data: { status: string }[] };
    if (data.length > 0 && data.every(({ status }) => status === 'ready')) return;
    await delay(POLL_MS, undefined, { signal });
  }
}
