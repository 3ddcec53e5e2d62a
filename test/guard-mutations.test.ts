import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { mutated, mutations } from './support/guard-mutations.ts';

/** That the tests fail without the guards is tried by `node scripts/mutate-guards.ts`; here, that it can still be tried. */
test.each(mutations)('the guard "$name" is where it can be taken out, and its test is there', async (mutation) => {
  const source = await readFile(mutation.file, 'utf8');
  expect(mutated(source, mutation)).not.toBe(source);
  expect(await readFile(mutation.test.file, 'utf8')).toContain(mutation.test.name);
});
