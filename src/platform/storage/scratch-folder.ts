import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'parley-export-';

/** A folder below the system's for temporary files, for an archive on its way. Whoever makes it removes it. */
export function makeScratchFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), PREFIX));
}

/** Untouched for longer than any export may take, ms. */
const ABANDONED_MS = 6 * 60 * 60 * 1000;

/** Removes what processes left that were killed: scratch folders in which nothing was written for six hours. What belongs to
 * others stays. */
export async function removeAbandonedScratch(parent: string = tmpdir(), now: number = Date.now()): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  const scratch = names.filter((name) => name.startsWith(PREFIX));
  for (const path of scratch.map((name) => join(parent, name))) {
    if (!(await isAbandoned(path, now))) continue;
    // Another process cleans up at the same time, or it is another user's.
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function isAbandoned(path: string, now: number): Promise<boolean> {
  try {
    const folder = await lstat(path);
    if (!folder.isDirectory()) return false;
    const files = await Promise.all((await readdir(path)).map((name) => lstat(join(path, name))));
    return [folder, ...files].every(({ mtimeMs }) => now - mtimeMs > ABANDONED_MS);
  } catch {
    return false;
  }
}
