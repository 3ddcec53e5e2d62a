import { createHash } from 'node:crypto';
import { glob, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Database } from '../../../src/platform/database/database.ts';
import { loadOwnMigrations, migratePlatform } from '../../../src/platform/database/migrations/installation.ts';

/** Brings an empty database to the state from which every test file starts: installed, without tenants. */
export async function prepareTemplate(database: Database): Promise<void> {
  await migratePlatform(database, await loadOwnMigrations());
}

/** Everything that `prepareTemplate` depends on. */
const INGREDIENTS = [
  'package-lock.json',
  'migrations/**/*.sql',
  'src/platform/database/**/*.ts',
  'src/platform/queue/**/*.ts',
  'test/support/databases/*.ts',
];

/** Changes whenever a prepared database could differ. */
export async function templateVersion(): Promise<string> {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const hash = createHash('sha256');
  for (const path of (await Array.fromAsync(glob(INGREDIENTS, { cwd: root }))).sort()) {
    hash.update(path).update(await readFile(root + path));
  }
  return hash.digest('hex').slice(0, 16);
}
