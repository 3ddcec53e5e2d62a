import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endWithTests } from '../../../../../test/support/keeper.ts';
import { TEST_NODE } from '../../../../../test/support/parley-process.ts';

const [node, ...flags] = TEST_NODE;

/** A real process that runs a file of this folder, and the lines that it has written so far. */
export type Child = {
  readonly pid: number;
  readonly lines: readonly string[];
  /** Resolves when `matches` holds for the lines; rejects when the process ends before. */
  until(matches: (lines: readonly string[]) => boolean): Promise<void>;
  /** Sends a signal; resolves when the process has ended, unless the signal only stops or continues it. */
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** Resolves when it has ended by itself. */
  readonly ended: Promise<void>;
};

export function startChild(file: string, args: readonly string[], nodeArgs: readonly string[] = []): Child {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(node, [...flags, ...nodeArgs, path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  endWithTests(child);
  const lines: string[] = [];
  const errors: string[] = [];
  child.stderr.on('data', (text: Buffer) => errors.push(text.toString()));
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    pid: child.pid ?? -1,
    lines,
    ended,
    until: (matches) => untilLines(child, reader, matches, lines, errors),
    kill: async (signal) => {
      child.kill(signal);
      if (signal === 'SIGKILL') await ended;
    },
  };
}

function untilLines(
  child: ChildProcess,
  reader: NodeJS.EventEmitter,
  matches: (lines: readonly string[]) => boolean,
  lines: readonly string[],
  errors: readonly string[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const check = () => {
      if (!matches(lines)) return;
      reader.off('line', check);
      resolve();
    };
    reader.on('line', check);
    child.once('close', () => reject(new Error(`The process ended early: ${errors.join('')}`)));
    check();
  });
}
