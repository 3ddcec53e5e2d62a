import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
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

  // Where one is met, something shows it.
  const unshown = rows.filter(
    (row) => String(row.split('|')[2]).trim() === 'met' && !/`[\w./-]+\/[\w.-]+`|\]\(\.\./.test(row),
  );
  expect(unshown).toEqual([]);

  const paths = [...text.matchAll(/`((?:src|test|console|deploy|docs)\/[\w./-]+)`/g)].map(([, path]) => String(path));
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  const links = [...text.matchAll(/\]\((\.\.[^)]+)\)/g)].map(([, link]) => String(link));
  expect(links.filter((link) => !existsSync(join(dirname(FILE), link)))).toEqual([]);
});

/** Requirements of levels 1 and 2 in version 5.0. */
const REQUIREMENTS = 253;

test('the table of OWASP ASVS has every requirement once', async () => {
  const text = await readFile(FILE, 'utf8');
  const cells = text.split('\n').flatMap((line) => /^\| (V[^|]+) \|/.exec(line)?.[1] ?? []);
  const found = cells.flatMap((cell) => cell.split(', ').flatMap(idsOf));
  expect(found.filter((id) => !/^V\d+\.\d+\.\d+$/.test(id))).toEqual([]);
  expect(new Set(found).size).toBe(found.length);
  expect(found.length).toBe(REQUIREMENTS);
});

/** `V1.2.6 to V1.2.8` is three. */
function idsOf(range: string): string[] {
  const [, section, from, to] = /^(V\d+\.\d+\.)(\d+) to \1(\d+)$/.exec(range) ?? [];
  if (section === undefined) return [range];
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => `${section}${Number(from) + index}`);
}

/** It looks for that in foreign code. */
const FINDER = 'src/features/code/judge/rules/crypto.ts';

test('nothing turns the check of certificates off', async () => {
  for await (const path of glob('{src,deploy,bin}/**/*.{ts,js,yaml,service,conf,ini}', { cwd: ROOT })) {
    if (path.endsWith('.test.ts') || path === FINDER) continue;
    const text = await readFile(join(ROOT, path), 'utf8');
    expect(text, path).not.toMatch(/rejectUnauthorized: false|NODE_TLS_REJECT_UNAUTHORIZED|insecureHTTPParser: true/);
  }
});
