import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { ScratchSettings, WorkshopTools } from './tools.ts';

export type CommandResult = { code: number | null; out: string; err: string };

/** Runs the installed program with these settings and no others, to its end. */
export async function runProgram(
  tools: WorkshopTools,
  args: readonly string[],
  settings: ScratchSettings,
  signal: AbortSignal,
  input = '',
): Promise<CommandResult> {
  const child = spawnProgram(tools, args, settings, 'pipe');
  const end = () => endGroup(child);
  signal.addEventListener('abort', end, { once: true });
  try {
    // One that reads nothing may be gone already.
    child.stdin?.on('error', () => undefined).end(input);
    if (!child.stdout || !child.stderr) throw new Error('The outputs of a program are pipes.');
    const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    signal.throwIfAborted();
    return { code, out, err };
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** In a group of its own, so that what it started ends with it. */
export function spawnProgram(
  { program, environment, projectFolder }: Pick<WorkshopTools, 'program' | 'environment' | 'projectFolder'>,
  args: readonly string[],
  settings: ScratchSettings,
  stdin: 'pipe' | 'ignore',
): ChildProcess {
  const [command, ...first] = program;
  return spawn(command, [...first, ...args], {
    cwd: projectFolder,
    detached: true,
    env: { ...environment, ...settings },
    stdio: [stdin, 'pipe', 'pipe'],
  });
}

export function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // It has ended between the question and the act.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The path of a program, or null. `more`: folders besides those of PATH. */
export async function findProgram(
  name: string,
  { environment }: Pick<WorkshopTools, 'environment'>,
  more: readonly string[] = [],
): Promise<string | null> {
  for (const folder of [...more, ...(environment.PATH ?? '').split(delimiter)]) {
    const path = join(folder, name);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return null;
}

const POLL_MS = 50;

/** Waits until `found` gives something. @throws Error that says what was waited for, and for how long */
export async function until<Found>(
  what: string,
  found: () => Promise<Found | null | false> | Found | null | false,
  { signal, within }: { signal: AbortSignal; within: number },
): Promise<Found> {
  const deadline = performance.now() + within;
  for (;;) {
    signal.throwIfAborted();
    const value = await found();
    if (value !== null && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${within / 1_000} s`);
    await delay(POLL_MS, undefined, { signal });
  }
}
