import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

type LockedPackage = { optionalDependencies?: Record<string, string> };

/** `npm ci` of npm 11 refuses a lock without the packages of every platform, as a registry that lacks some leaves it. */
test('the lock names the packages of every platform', async () => {
  const lock = JSON.parse(await readFile(new URL('../package-lock.json', import.meta.url), 'utf8'));
  const packages: Record<string, LockedPackage> = lock.packages;
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(packages, path, name)),
  );
  expect(missing, 'run `node scripts/complete-lockfile.ts` after npm install').toEqual([]);
});

/** As Node resolves a name from a package's folder: in its own node_modules, or in one further up. */
function isLocked(packages: Record<string, LockedPackage>, from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (`${folder}${folder === '' ? '' : '/'}node_modules/${name}` in packages) return true;
    if (folder === '') return false;
  }
}
