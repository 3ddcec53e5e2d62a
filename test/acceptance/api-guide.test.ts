import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { type TestDatabaseKind, testDatabases } from '../support/databases.ts';
import { startApp } from '../support/served-app.ts';

const run = promisify(execFile);

test('the commands of the API guide do what it says, from the top to the bottom', { timeout: 120_000 }, async () => {
  const guide = await readFile(join(import.meta.dirname, '../../docs/api-guide.md'), 'utf8');
  const commands = [...guide.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block);
  expect(commands.length).toBeGreaterThan(6);
  const [embedded] = testDatabases();
  const database = await (embedded as TestDatabaseKind).open();
  const app = await startApp(database);
  onTestFinished(async () => {
    await app.stop();
    await database.close();
  });
  const script = commands.join('\n').replaceAll('http://localhost:8000', app.url);
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script]);
  const lines = stdout.trim().split('\n');
  expect(lines.slice(0, 3)).toEqual(['ada@example.com', 'ada@example.com', '0']);
  expect(Number(lines[3])).toBeGreaterThan(3);
  expect(lines[4]?.trim()).toBe('1');
  expect(JSON.parse(lines.slice(5).join(''))).toMatchObject({ status: 404, code: expect.stringMatching(/^ERR_/) });
});
