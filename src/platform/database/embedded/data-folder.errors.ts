/** Who holds a data folder, as far as its lock tells. */
export type LockOwner = { pid: number; host: string; since: string };

/** A folder that the database cannot be kept in; the message says why and what to do. */
export class DataFolderError extends Error {
  readonly folder: string;

  constructor(folder: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'DataFolderError';
    this.folder = folder;
  }
}

/** Another process has the folder open. Two would overwrite each other's rows. */
export class DataFolderLockedError extends DataFolderError {
  /** Null while the owner is only just taking the lock. */
  readonly owner: LockOwner | null;

  constructor(folder: string, owner: LockOwner | null) {
    const holder = owner ? `process ${owner.pid} on ${owner.host} (since ${owner.since})` : 'another process';
    super(
      folder,
      `The data folder ${folder} is in use by ${holder}. Stop that process, or give this one another folder in DATA_DIR.`,
    );
    this.name = 'DataFolderLockedError';
    this.owner = owner;
  }
}

/** - `not-a-folder`: a file is in its place
 * - `not-writable`: permissions, or a file system mounted read-only
 * - `full`: too little space, or a quota reached
 * - `no-locks`: its file system cannot keep two processes apart
 * - `foreign`: it holds what this program did not put there
 * - `other-version`: its database was made by another major version of PostgreSQL
 * - `not-empty`: a dump was to be restored into a folder that has a database
 * - `bad-dump`: the dump to restore is not one */
export type DataFolderFault =
  | 'not-a-folder'
  | 'not-writable'
  | 'full'
  | 'no-locks'
  | 'foreign'
  | 'other-version'
  | 'not-empty'
  | 'bad-dump';

/** The folder, or what is in it, is not fit to hold the database. */
export class DataFolderUnusableError extends DataFolderError {
  readonly fault: DataFolderFault;

  constructor(folder: string, fault: DataFolderFault, explanation: string, cause?: unknown) {
    super(folder, `The data folder ${folder} cannot be used: ${explanation}`, cause);
    this.name = 'DataFolderUnusableError';
    this.fault = fault;
  }
}

const FAULT_BY_CODE: Record<string, [DataFolderFault, string]> = {
  ENOTDIR: ['not-a-folder', 'part of its path is a file. Name a folder in DATA_DIR.'],
  EEXIST: ['not-a-folder', 'a file is in its place. Name a folder in DATA_DIR.'],
  EACCES: ['not-writable', 'this user may not write there. Give it to the user that runs the program.'],
  EPERM: ['not-writable', 'this user may not write there. Give it to the user that runs the program.'],
  EROFS: ['not-writable', 'its file system is mounted read-only. Mount it writable, or name another folder.'],
  ENOSPC: ['full', 'its disk is full. Free some space, or name a folder on another disk.'],
  EDQUOT: ['full', 'the disk quota is used up. Free some space, or name a folder on another disk.'],
};

/** Turns a failed file operation into what the operator must do; anything else stays as it is. */
export function explainFileError(folder: string, error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const known = FAULT_BY_CODE[(error as NodeJS.ErrnoException).code ?? ''];
  return known ? new DataFolderUnusableError(folder, known[0], known[1], error) : error;
}
