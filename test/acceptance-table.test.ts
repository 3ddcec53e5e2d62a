import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acceptanceTable } from '../scripts/acceptance/table.ts';

test('docs/acceptance.md has every requirement once, and names only what exists', async () => {
  const written = await readFile(join(import.meta.dirname, '../docs/acceptance.md'), 'utf8');
  expect(written, 'run: node scripts/write-acceptance.ts').toBe(acceptanceTable());
});
