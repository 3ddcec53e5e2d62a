import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  type DataFolderFault,
  DataFolderLockedError,
  DataFolderUnusableError,
  type LockOwner,
} from './data-folder.errors.ts';

export type DataFolderLock = { release(): void };

const LOCK_FILE = 'lock';
/** Long enough for an owner that just writes its name, ms. */
const BUSY_TIMEOUT = 200;

/** Takes the folder for this process until `release` or its death.
 *
 * The lock is the kernel's: an open write transaction of SQLite on the file `lock`. It ends with the process however that
 * ends, so there is never a stale one to judge, neither by a pid that was given out again nor across containers that
 * share a volume but not their process numbers; and a process that is merely suspended keeps it. The file stays when the
 * lock is released. While it is held this process must not open the file in another way: closing it would drop the lock.
 *
 * @throws DataFolderLockedError | DataFolderUnusableError */
export function lockDataFolder(folder: string): DataFolderLock {
  let file: DatabaseSync | null = null;
  try {
    file = new DatabaseSync(join(folder, LOCK_FILE), { timeout: BUSY_TIMEOUT });
    takeLock(file);
  } catch (error) {
    const refusal = explainRefusal(folder, file, error);
    file?.close();
    throw refusal;
  }
  const held = file;
  return {
    release: () => {
      if (held.isOpen) held.close();
    },
  };
}

function takeLock(file: DatabaseSync): void {
  file.exec('BEGIN IMMEDIATE');
  writeOwner(file);
  file.exec('COMMIT; BEGIN IMMEDIATE');
}

function writeOwner(file: DatabaseSync): void {
  file.exec('CREATE TABLE IF NOT EXISTS owner (pid INTEGER, host TEXT, since TEXT); DELETE FROM owner');
  const statement = file.prepare('INSERT INTO owner (pid, host, since) VALUES (?, ?, ?)');
  statement.run(process.pid, hostname(), new Date().toISOString());
}

/** By SQLite's result code, without its extended part. */
const FAULT_BY_CODE: Record<number, [DataFolderFault, string]> = {
  8: ['not-writable', 'this user may not write there, or it is mounted read-only. Name another folder in DATA_DIR.'],
  10: [
    'no-locks',
    'its file system failed or cannot lock files, as some network drives. Use a folder on a local disk.',
  ],
  13: ['full', 'its disk is full. Free some space, or name a folder on another disk in DATA_DIR.'],
  14: ['not-writable', 'this user may not write there, or it is mounted read-only. Name another folder in DATA_DIR.'],
  26: ['foreign', `its file "${LOCK_FILE}" is not this program's. Remove it, or name another folder in DATA_DIR.`],
};
const BUSY = 5;

function explainRefusal(folder: string, file: DatabaseSync | null, error: unknown): unknown {
  const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
  if (code === BUSY) return new DataFolderLockedError(folder, file && readOwner(file));
  const known = FAULT_BY_CODE[code];
  return known ? new DataFolderUnusableError(folder, known[0], known[1], error) : error;
}

/** The owner holds the right to write only, so that others can read who it is. */
function readOwner(file: DatabaseSync): LockOwner | null {
  try {
    const row = file.prepare('SELECT pid, host, since FROM owner').get();
    return row ? { pid: Number(row.pid), host: String(row.host), since: String(row.since) } : null;
  } catch {
    return null;
  }
}
