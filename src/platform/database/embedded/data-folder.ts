import { mkdir, statfs } from 'node:fs/promises';
import { DataFolderUnusableError, explainFileError } from './data-folder.errors.ts';
import { type DataFolderLock, lockDataFolder } from './data-folder-lock.ts';

/** Room for two more pieces of the write-ahead log: with less, the first writes would stop the database. */
const LEAST_FREE_BYTES = 32 * 1024 * 1024;

/** Makes the folder if it is not there, for this user only, and takes it for this process.
 * @throws DataFolderLockedError | DataFolderUnusableError */
export async function takeDataFolder(folder: string): Promise<DataFolderLock> {
  try {
    await makeFolder(folder);
    await checkSpace(folder);
    return lockDataFolder(folder);
  } catch (error) {
    throw explainFileError(folder, error);
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    // What Node says of a read-only file system when it makes parents too.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const explanation = 'it cannot be made. Is its disk mounted, and writable? Otherwise name another in DATA_DIR.';
    throw new DataFolderUnusableError(folder, 'not-writable', explanation, error);
  }
}

async function checkSpace(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= LEAST_FREE_BYTES) return;
  const explanation = `only ${Math.floor(free / 2 ** 20)} MB are free on its disk, at least ${LEAST_FREE_BYTES / 2 ** 20} MB are needed. Free some space, or name a folder on another disk in DATA_DIR.`;
  throw new DataFolderUnusableError(folder, 'full', explanation);
}
