import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };

const folder = join(import.meta.dirname, '..', 'docs', 'decisions');
const names = (await readdir(folder)).filter((name) => name.endsWith('.md')).sort();
const records = await Promise.all(
  names.map(async (name) => ({ name, text: await readFile(join(folder, name), 'utf8') })),
);

test('every dependency is named in a decision record, with its reason', () => {
  const known = new Set(records.flatMap(({ text }) => [...text.matchAll(/`([^`\s]+)`/g)].map(([, word]) => word)));
  const dependencies = Object.keys({ ...packageJson.dependencies, ...packageJson.devDependencies });
  expect(dependencies.filter((name) => !known.has(name))).toEqual([]);
});

test.each(records)('$name is numbered, dated and accepted', ({ name, text }) => {
  const number = /^(\d{4})-[a-z0-9-]+\.md$/.exec(name)?.[1];
  expect(text.startsWith(`# ${number} · `)).toBe(true);
  expect(text).toMatch(/^\d{4}-\d{2}-\d{2} · (accepted|superseded by \d{4})$/m);
});

test('no number is used twice, and none is left out', () => {
  expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, index) => index + 1));
});
