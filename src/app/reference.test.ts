import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorTable } from '../platform/http/errors.ts';
import { projectFolder } from './project-folder.ts';
import { errorReference } from './reference.ts';
// Every room that defines errors is loaded with it.
import './server.ts';

test('docs/errors.md is what `parley env --errors` prints', async () => {
  expect(await readFile(join(projectFolder, 'docs', 'errors.md'), 'utf8')).toBe(errorReference());
});

test('every row of the table is whole and stays in its cells', () => {
  for (const { code, title, example } of errorTable()) {
    expect(code).toMatch(/^ERR_[A-Z]+_\d{3}$/);
    expect(title, code).not.toBe('');
    expect(`${title}${example}`, code).not.toMatch(/[|\n]/);
  }
});
