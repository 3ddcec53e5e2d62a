import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { endWithTests } from './keeper.ts';
import { isAlive } from './postgres/owned-folder.ts';

const KEEPER = JSON.stringify(new URL('./keeper.ts', import.meta.url).href);

/** A process as a test's: it starts another in a group of its own that starts a third, says who they are, and does `then`. */
async function startTest(then: string): Promise<{ process: ChildProcess; started: number[] }> {
  const third = `setInterval(() => undefined, 60_000)`;
  const second = `
    const { pid } = require('node:child_process').spawn(process.execPath, ['--eval', ${JSON.stringify(third)}]);
    console.log(pid);
    setInterval(() => undefined, 60_000);
  `;
  const first = `
    import { spawn } from 'node:child_process';
    import { endWithTests } from ${KEEPER};
    const child = spawn(process.execPath, ['--eval', ${JSON.stringify(second)}], { detached: true, stdio: 'pipe' });
    endWithTests(child, { group: true });
    child.stdout.once('data', (pid) => process.stdout.write(JSON.stringify([child.pid, Number(pid)])));
    process.stdin.once('data', () => { ${then} });
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', first], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  endWithTests(child);
  const [started] = await once(child.stdout, 'data');
  return { process: child, started: JSON.parse(String(started)) };
}

test.each([
  ['exits', 'process.exit(0)'],
  ['is ended by vitest, whose signal it does not hear', 'for (;;);'],
  ['is killed', `process.kill(process.pid, 'SIGKILL')`],
])('what a process started ends with it when it %s', async (_name, then) => {
  const { process: ending, started } = await startTest(then);
  const ended = once(ending, 'exit');
  expect(await Promise.all(started.map(isAlive))).toEqual([true, true]);
  ending.stdin?.write('now');
  if (then === 'for (;;);') ending.kill('SIGTERM');
  await ended;
  await expect.poll(() => Promise.all(started.map(isAlive))).toEqual([false, false]);
});
