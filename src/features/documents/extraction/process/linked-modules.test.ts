import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = resolve(fileURLToPath(new URL('../../../../..', import.meta.url)));
const PARTS = ['src/features/documents/extraction', 'src/lib/bytes', 'src/lib/chunking', 'src/platform/archives'];
const READ_A_PAGE = `
  const { createTextExtractor } = await import('./src/features/documents/extraction/text-extractor.ts');
  const extractor = createTextExtractor();
  const bytes = Buffer.from('<html><p>Read through a link.</p></html>');
  const result = await extractor.extractText({ bytes, filename: null, declaredType: null });
  console.log(result.document.text);
  extractor.close();
`;

let checkout = '';

beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'parley-linked-'));
  for (const part of PARTS) await cp(join(ROOT, part), join(checkout, part), { recursive: true });
  await writeFile(join(checkout, 'package.json'), '{"type": "module"}');
  await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
});
afterAll(() => rm(checkout, { recursive: true, force: true }));

it('reads where node_modules is a symbolic link', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', READ_A_PAGE], {
    cwd: checkout,
  });
  expect(stdout.trim()).toBe('Read through a link.');
});
