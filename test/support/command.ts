import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { endWithTests } from './keeper.ts';
import { TEST_NODE } from './parley-process.ts';

const [node, ...flags] = TEST_NODE;
const PARLEY: readonly [string, ...string[]] = [node, ...flags, 'bin/parley.js'];
const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

export type CommandResult = { code: number | null; out: string; err: string };

/** Runs `parley …` as somebody at a terminal does, with these settings and no others, to its end. */
export async function runParley(
  args: readonly string[],
  settings: Record<string, string> = {},
  input = '',
  command = PARLEY,
): Promise<CommandResult> {
  const [program, ...first] = command;
  const child = spawn(program, [...first, ...args], {
    cwd: PROJECT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...settings },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own, so that a command of the shell ends with what it started.
    detached: true,
  });
  endWithTests(child, { group: true });
  // One that reads nothing may be gone already.
  child.stdin.on('error', () => undefined).end(input);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, out, err };
}
