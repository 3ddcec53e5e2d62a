import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { ask } from './databases/source.ts';
import { endNow, endWithTests } from './keeper.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

/** Parley in a process of its own, as somebody started it. */
export type ParleyProcess = {
  /** All that was printed so far, on both outputs. */
  output(): string;
  /** The address that it printed; waits for it. @throws Error with the output when the process ends before. */
  address(): Promise<string>;
  /** Closes our ends of its outputs, as a terminal or a collector of logs does that goes away. */
  deafen(): void;
  /** Resolves when it has ended, with everything it had started. `code` is null when a signal ended it. */
  readonly ended: Promise<{ code: number | null }>;
  /** Ends it at once, as a crash does, with everything it had started. */
  kill(): Promise<void>;
  /** Asks it to end, as a service manager does, and waits until it has. */
  stop(): Promise<{ code: number | null }>;
};

/** Some seconds, or minutes where ten other suites have the processors: a bound on what hangs. */
const START_TIMEOUT_MS = 240_000;
/** Longer than the program gives its streams and jobs to finish. */
const STOP_TIMEOUT_MS = 120_000;

/** The README's command. */
export const NPM_START = ['npm', 'start'] as const;

/**
 * Node for a program that a test starts. Optimising the embedded database's WebAssembly in the background is half the work
 * of a start and pays only in a program that lives longer than a test.
 */
export const TEST_NODE = [process.execPath, '--liftoff-only'] as const;

const SERVE = [...TEST_NODE, 'src/main.ts', 'serve'] as const;

/**
 * Starts Parley with these settings and no others: nothing that the machine has set, such as a model's key, gets in.
 * The port is a free one unless `PORT` says otherwise.
 */
export function startParley(
  settings: Record<string, string>,
  command: readonly [string, ...string[]] = SERVE,
): ParleyProcess {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd: PROJECT,
    // A group of its own, so that what does not end when asked can be ended as a whole.
    detached: true,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PORT: '0',
      LOG_LEVEL: 'warn',
      UNPRICED_MODELS: 'allow',
      CHAT_TITLES: 'question',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  /** With everything that it started. */
  const endGroup = () => child.pid !== undefined && endNow(-child.pid);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  // `close` comes after every process that holds the outputs is gone: npm ends before the program that it started.
  endWithTests(child, { group: true });
  const ended = once(child, 'close').then(([code]) => ({ code }));

  const address = async () => {
    const printed = () => /Parley is at\s+(\S+)/.exec(output)?.[1];
    // Asserted below, where the output says why.
    const shown = vi.waitUntil(printed, { timeout: START_TIMEOUT_MS });
    await Promise.race([ended, shown]).catch(() => null);
    const found = printed();
    if (found === undefined) throw new Error(`Parley printed no address:\n${output}`);
    return found;
  };
  const stop = async () => {
    child.kill('SIGTERM');
    if (await Promise.race([ended, setTimeout(STOP_TIMEOUT_MS, null, { ref: false })])) return ended;
    endGroup();
    throw new Error(`Parley did not end within ${STOP_TIMEOUT_MS / 1000} s of SIGTERM:\n${output}`);
  };
  const kill = async () => {
    endGroup();
    await ended;
  };
  const deafen = () => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  return { output: () => output, address, deafen, ended, stop, kill };
}

/** Makes `dataDir` what a first start leaves behind, without settings and with its own guides read, and returns the
 * credential that it printed. For tests of what comes later: a first start takes three times as long as the next. */
export async function installInto(dataDir: string): Promise<{ email: string; password: string }> {
  const { folder, credential } = await ask('installation');
  await cp(folder, dataDir, { recursive: true });
  return credential;
}

/** The credential that the first start prints. */
export function printedCredential(output: string): { email: string; password: string } {
  const email = /e-mail\s+(\S+)/.exec(output)?.[1];
  const password = /password\s+(\S+)/.exec(output)?.[1];
  if (email === undefined || password === undefined) throw new Error(`No credential was printed:\n${output}`);
  return { email, password };
}
