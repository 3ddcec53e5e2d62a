import { once } from 'node:events';
import { withoutCredentials } from '../finding.ts';
import { type Ask, askAt } from '../target.ts';
import { endGroup, spawnProgram, until } from './program.ts';
import { type ScratchClient, scratchClient } from './scratch-client.ts';
import type { ScratchSettings, WorkshopTools } from './tools.ts';

/** The installed program, serving a scratch installation. */
export type ScratchServer = AsyncDisposable & {
  readonly url: string;
  readonly settings: ScratchSettings;
  readonly pid: number;
  readonly ask: Ask;
  /** All that it has printed. */
  output(): string;
  /** The credential that its first start printed. */
  readonly credential: { email: string; password: string } | null;
  /** Logged in as the first operator. */
  login(): Promise<ScratchClient>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
};

/** On a machine that is busy with other work, ms. */
const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 45_000;

export async function startScratchServer(
  tools: WorkshopTools,
  settings: ScratchSettings,
  signal: AbortSignal,
): Promise<ScratchServer> {
  const child = spawnProgram(tools, ['serve'], settings, 'ignore');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (more) => (output += more));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null }));
  const kill = async () => {
    endGroup(child);
    await ended;
  };
  try {
    const url = await until('the start of the scratch server', () => addressIn(output) ?? hasEnded(child), {
      signal,
      within: START_TIMEOUT_MS,
    });
    const credential = credentialIn(output);
    return {
      url,
      settings,
      pid: child.pid ?? 0,
      ask: askAt(url, signal),
      output: () => output,
      credential,
      login: () => {
        if (credential === null) throw new Error('this start printed no credential');
        return scratchClient(url, signal, credential);
      },
      kill,
      stop: async () => {
        child.kill('SIGTERM');
        const { code } = await until('the end after SIGTERM', () => Promise.race([ended, soon()]), {
          signal,
          within: STOP_TIMEOUT_MS,
        });
        return code;
      },
      [Symbol.asyncDispose]: kill,
    };
  } catch (error) {
    await kill();
    signal.throwIfAborted();
    throw new Error(`${(error as Error).message}${lastWords(output)}`, { cause: error });
  }
}

function soon(): Promise<null> {
  return new Promise((resolve) => setImmediate(() => resolve(null)));
}

function addressIn(output: string): string | null {
  return /Parley is at\s+(\S+)/.exec(output)?.[1]?.replace('//localhost', '//127.0.0.1') ?? null;
}

function hasEnded(child: { exitCode: number | null }): null {
  if (child.exitCode === null) return null;
  throw new Error(`the scratch server ended with ${child.exitCode}`);
}

function lastWords(output: string): string {
  const words = withoutCredentials(output).trim().slice(-600);
  return words === '' ? ' and printed nothing' : `: ${words}`;
}

function credentialIn(output: string): { email: string; password: string } | null {
  const email = /e-mail\s+(\S+)/.exec(output)?.[1];
  const password = /password\s+(\S+)/.exec(output)?.[1];
  return email === undefined || password === undefined ? null : { email, password };
}
