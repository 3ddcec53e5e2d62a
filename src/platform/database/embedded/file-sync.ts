import type { Dirent } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes a file's content, or a folder's list of names, survive a power cut. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The same for all that a folder holds, several at once: one write of the file system's journal then serves many. */
export async function syncTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  const syncEntry = (entry: Dirent) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? syncTree(path) : syncPath(path);
  };
  await Promise.all(entries.map(syncEntry));
  await syncPath(folder);
}
