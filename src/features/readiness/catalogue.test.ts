import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue } from './catalogue.ts';
import { CATEGORIES } from './check.ts';

test('every check stands in a file of its name, in the folder of its kind, once', async () => {
  expect(new Set(catalogue.map(({ id }) => id)).size).toBe(catalogue.length);
  for (const { id, kind } of catalogue) await access(join(import.meta.dirname, kind, `${id}.ts`));
});

test('every check is tied to requirements that there are, and says what to do when it fails', async () => {
  const list = await readFile(join(import.meta.dirname, '../../../scripts/acceptance/items.txt'), 'utf8');
  const known = new Set([...list.matchAll(/^(S\d-\d+) /gm)].map(([, id]) => id));
  for (const { id, items, remedy, expected, validDays } of catalogue) {
    expect(
      items.filter((item) => !known.has(item)),
      id,
    ).toEqual([]);
    expect(new Set(items).size, id).toBe(items.length);
    expect(items.length * remedy.length * expected.length * validDays, id).toBeGreaterThan(0);
  }
});

test('every category has blockers or major checks, so that its score says something', () => {
  for (const category of CATEGORIES) {
    const own = catalogue.filter((check) => check.category === category && check.weight !== 'minor');
    expect(own.length, category).toBeGreaterThan(1);
  }
});
