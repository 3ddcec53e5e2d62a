import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeAbandonedScratch } from './scratch-folder.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'parley-test-scratch-'));
});
afterEach(() => rm(parent, { recursive: true }));

const HOUR_MS = 3_600_000;
async function make(name: string, age: { folder: number; file: number }): Promise<void> {
  const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS);
  await mkdir(join(parent, name));
  await writeFile(join(parent, name, 'archive'), 'what was left');
  await utimes(join(parent, name, 'archive'), ago(age.file), ago(age.file));
  await utimes(join(parent, name), ago(age.folder), ago(age.folder));
}

test('what a killed process left goes when nothing was written there for hours; nothing else does', async () => {
  await make('parley-export-old', { folder: 7, file: 7 });
  await make('parley-export-new', { folder: 1, file: 1 });
  await make('parley-export-still-written', { folder: 30, file: 0 });
  await make('parley-export-just-begun', { folder: 0, file: 30 });
  await make('parley-data', { folder: 30, file: 30 });
  await make('other-export-old', { folder: 30, file: 30 });
  await symlink(join(parent, 'parley-data'), join(parent, 'parley-export-link'));
  await removeAbandonedScratch(parent);
  expect((await readdir(parent)).sort()).toEqual([
    'other-export-old',
    'parley-data',
    'parley-export-just-begun',
    'parley-export-link',
    'parley-export-new',
    'parley-export-still-written',
  ]);
  expect(await readdir(join(parent, 'parley-data'))).toEqual(['archive']);
});

test('a folder that is not there is no fault', async () => {
  await expect(removeAbandonedScratch(join(parent, 'nothing'))).resolves.toBeUndefined();
});
