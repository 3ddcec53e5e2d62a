import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { endWithTests } from '../keeper.ts';
import { asClient } from '../postgres/cluster.ts';
import { type ServerTemplate, withDatabase } from './server-template.ts';

export type Installation = {
  /** A `DATA_DIR` to copy. */
  readonly folder: string;
  readonly credential: { email: string; password: string };
};

/** What the installation on the server database is sealed with. */
export const INSTALLED_SECRET = 'a secret of the tests, forty characters long';

export type ServerInstallation = {
  /** The name of a database to clone; nobody is connected to it. */
  readonly template: string;
  readonly credential: Installation['credential'];
};

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
/** A bound on what hangs: this takes 10 s on a quiet machine. */
const TIMEOUT_MS = 240_000;
const POLL_MS = 100;

/** What a first start of the program leaves behind, its own guides read: for tests that need a running program and not
 * its first start, which is most of the work of a start. Made anew for each run, with whatever the program is now. */
export async function installationTemplate(parent: string): Promise<Installation> {
  const folder = join(parent, 'installation');
  return { folder, credential: await firstStart({ DATA_DIR: folder }) };
}

/** The same on the server database. */
export async function serverInstallation(
  { admin, template: empty }: Pick<ServerTemplate, 'admin' | 'template'>,
  parent: string,
): Promise<ServerInstallation> {
  const template = `${empty}_installed`;
  const [name, from] = [template, empty].map((each) => pg.escapeIdentifier(each));
  await asClient(admin, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${from}`));
  const settings = {
    DATABASE_URL: withDatabase(admin, template),
    DATA_DIR: join(parent, 'server-installation'),
    SECRET_KEY: INSTALLED_SECRET,
  };
  return { template, credential: await firstStart(settings) };
}

/** Starts the program where it never ran, lets it read its guides, and ends it. */
async function firstStart(settings: Record<string, string>): Promise<Installation['credential']> {
  const parley = start(settings);
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
    return credential;
  } catch (error) {
    parley.kill('SIGKILL');
    throw new Error(`The first start of Parley failed (${error}):\n${output}`);
  }
}

function start(settings: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, ['--liftoff-only', 'src/main.ts', 'serve'], {
    cwd: PROJECT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: '0', LOG_LEVEL: 'warn', ...settings },
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
