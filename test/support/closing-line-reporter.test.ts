import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { endWithTests } from './keeper.ts';

const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const CONFIG = `
  import { ClosingLineReporter } from ${JSON.stringify(fileURLToPath(new URL('./closing-line-reporter.ts', import.meta.url)))};
  export default { test: { globals: true, include: ['*.js'], reporters: [new ClosingLineReporter()] } };
`;

/** The lines that the reporter prints after a run over these test files. */
async function closingLines(files: Record<string, string>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'closing-line-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries({ ...files, 'vitest.config.ts': CONFIG })) {
    await writeFile(join(folder, name), content);
  }
  const run = spawn(process.execPath, [vitest, 'run', '--root', folder], { stdio: ['ignore', 'pipe', 'ignore'] });
  endWithTests(run);
  return (await text(run.stdout)).trimEnd().split('\n');
}

test('a clean run is counted without a word on what was skipped', async () => {
  const lines = await closingLines({ 'a.js': `test('a', () => {}); test('b', () => {});` });
  expect(lines).toEqual(['2 passed, 0 failed']);
});

test('failures inside and outside tests are counted, and what was skipped is named', async () => {
  const lines = await closingLines({
    'tests.js': `test('a', () => {}); test('b', () => { throw new Error(); }); test.skip('c', () => {}); test.todo('d');`,
    'hook.js': `describe('s', () => { beforeAll(() => { throw new Error(); }); test('e', () => {}); });`,
    'file.js': `throw new Error();`,
    'stray.js': `test('f', () => { void Promise.reject(new Error()); });`,
  });
  expect(lines.slice(0, -1).sort()).toEqual(['Skipped: c', 'Skipped: d', 'Skipped: s > e']);
  expect(lines.at(-1)).toBe('2 passed, 4 failed, 3 skipped');
});

test('a run without a test has failed', async () => {
  expect(await closingLines({})).toEqual(['0 passed, 1 failed']);
});
