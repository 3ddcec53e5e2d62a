import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { MissingPieceError } from '../finding.ts';
import { freePort } from './free-port.ts';
import { findProgram, until } from './program.ts';
import type { WorkshopTools } from './tools.ts';

export type ScratchRedis = AsyncDisposable & {
  readonly url: string;
  /** `kill -9`; nothing that it held is kept. */
  kill(): Promise<void>;
  /** Starts it again at the same address. */
  start(): Promise<void>;
};

const START_TIMEOUT_MS = 20_000;

export async function openScratchRedis(
  tools: WorkshopTools,
  folder: string,
  signal: AbortSignal,
): Promise<ScratchRedis> {
  const program = (await findProgram('redis-server', tools)) ?? (await findProgram('valkey-server', tools));
  if (program === null) throw new MissingPieceError('this machine has no redis-server');
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  let child: ChildProcess | null = null;
  const kill = async () => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  const start = async () => {
    child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (more) => (output += more));
    await until('the start of Redis', () => output.includes('Ready to accept connections'), {
      signal,
      within: START_TIMEOUT_MS,
    });
  };
  await start();
  return { url: `redis://127.0.0.1:${port}`, kill, start, [Symbol.asyncDispose]: kill };
}
