import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { anyTestDatabase, type TestDatabase, type TestDatabaseKind } from '../support/databases.ts';
import { documentCommands } from '../support/document-commands.ts';
import { type ServedApp, startApp } from '../support/served-app.ts';

const run = promisify(execFile);

let database: TestDatabase;
let app: ServedApp;
beforeAll(async () => {
  const [kind] = anyTestDatabase();
  database = await (kind as TestDatabaseKind).open();
  app = await startApp(database);
}, 240_000);
afterAll(async () => {
  await app.stop();
  await database.close();
});

test('the commands of the API guide do what it says, from the top to the bottom', { timeout: 120_000 }, async () => {
  const guide = await readFile(join(import.meta.dirname, '../../docs/api-guide.md'), 'utf8');
  const commands = [...guide.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block);
  expect(commands.length).toBeGreaterThan(6);
  const script = commands.join('\n').replaceAll('http://localhost:8000', app.url);
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script]);
  const lines = stdout.trim().split('\n');
  expect(lines.slice(0, 3)).toEqual(['ada@example.com', 'ada@example.com', '0']);
  expect(Number(lines[3])).toBeGreaterThan(3);
  expect(lines[4]?.trim()).toBe('1');
  expect(JSON.parse(lines.slice(5).join(''))).toMatchObject({ status: 404, code: expect.stringMatching(/^ERR_/) });
});

test('what the other documents send by curl is answered', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-curl-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'report.pdf'), '%PDF-1.4 not much of one');
  const user = JSON.stringify({ email: 'grace@example.com', password: 'correct horse battery staple' });
  const headers = { 'content-type': 'application/json' };
  await fetch(`${app.url}/v1/auth/register`, { method: 'POST', headers, body: user });

  const blocks = (await documentCommands()).filter(
    ({ text, document }) => /\bcurl .*/.test(text) && document !== 'docs/api-guide.md',
  );
  expect(new Set(blocks.map(({ document }) => document)).size).toBeGreaterThan(3);
  const script = blocks
    .map(({ text }) => text)
    .join('\n')
    .replaceAll(/^curl|(?<=\()curl/gm, 'curl --fail-with-body --silent --show-error')
    .replaceAll('localhost:8000', app.url)
    .replace('{"email":"admin@parley.local","password":"…"}', user);
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder });
  for (const sign of ['report.pdf', 'run-end', 'read_cart', 'thread.created', 'my script']) {
    expect(stdout).toContain(sign);
  }
});
