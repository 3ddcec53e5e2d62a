import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { newId } from '../id.ts';
import type { ObjectStorage } from './object-storage.ts';

/** Unfinished writes end in this; they are no objects. */
const DRAFT = '.draft';

export function createFolderStorage(folder: string): ObjectStorage {
  const root = resolve(folder);

  function pathOf(key: string): string {
    const path = resolve(root, key);
    if (!path.startsWith(root + sep)) throw new Error('The key of an object leads out of its folder.');
    return path;
  }

  return {
    location: folder,
    put: async (key, bytes) => {
      const path = pathOf(key);
      const draft = `${path}.${newId()}${DRAFT}`;
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      try {
        await writeDurably(draft, bytes);
        await rename(draft, path);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
      await syncFolder(dirname(path));
    },
    get: async (key) => readFile(pathOf(key)).catch(nullWhereAbsent),
    list: async function* list(prefix, after = '') {
      const names = await readdir(root, { recursive: true, withFileTypes: true }).catch(nullWhereAbsent);
      const keys = (names ?? [])
        .filter((entry) => entry.isFile() && !entry.name.endsWith(DRAFT))
        .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
      yield* keys.filter((key) => key.startsWith(prefix) && key > after).sort();
    },
    delete: async (key) => rm(pathOf(key), { force: true }),
  };
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A new name is durable only when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function nullWhereAbsent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
