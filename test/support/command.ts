import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { TEST_NODE } from './parley-process.ts';

const [program, ...flags] = TEST_NODE;
const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

export type CommandResult = { code: number | null; out: string; err: string };

/** Runs `parley …` as somebody at a terminal does, with these settings and no others, to its end. */
export async function runParley(
  args: readonly string[],
  settings: Record<string, string> = {},
  input = '',
): Promise<CommandResult> {
  const child = spawn(program, [...flags, 'bin/parley.js', ...args], {
    cwd: PROJECT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...settings },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // One that reads nothing may be gone already.
  child.stdin.on('error', () => undefined).end(input);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, out, err };
}
