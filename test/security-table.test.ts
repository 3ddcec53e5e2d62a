import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const FILE = join(import.meta.dirname, '../docs/security/asvs.md');
const ROOT = join(import.meta.dirname, '..');
const STATES = ['met', 'yours', 'n/a', 'open'];

test('the table of OWASP ASVS names a state for each row, and files that there are', async () => {
  const text = await readFile(FILE, 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| V'));
  expect(rows.length).toBeGreaterThan(100);
  const states = rows.map((row) => String(row.split('|')[2]).trim());
  expect(states.filter((state) => !STATES.includes(state))).toEqual([]);

  const paths = [...text.matchAll(/`((?:src|test|console|deploy|docs)\/[\w./-]+)`/g)].map(([, path]) => String(path));
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  const links = [...text.matchAll(/\]\((\.\.[^)]+)\)/g)].map(([, link]) => String(link));
  expect(links.filter((link) => !existsSync(join(dirname(FILE), link)))).toEqual([]);
});
