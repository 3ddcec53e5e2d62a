import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { isIgnoredFolder, type ListedFile } from './collect-files.ts';
import { FetchFault } from './fetch-fault.ts';

const DEEPEST = 64;
const MOST_ENTRIES = 500_000;

/**
 * The folder that a path leads to, if it is in one of the roots that the operator allows, behind all links.
 * @throws FetchFault, which says the same of a folder that is not there and of one that is not allowed
 */
export async function allowedFolder(path: string, roots: readonly string[]): Promise<string> {
  const folder = isAbsolute(path) ? await realpath(path).catch(() => null) : null;
  for (const root of roots) {
    const real = await realpath(root).catch(() => null);
    if (folder !== null && real !== null && isWithin(folder, real)) return folder;
  }
  throw new FetchFault(
    'forbidden-path',
    'There is no folder at this path that the operator lets be analysed (CODE_LOCAL_ROOTS).',
  );
}

function isWithin(folder: string, root: string): boolean {
  const path = relative(root, folder);
  return path === '' || (!path.startsWith('..') && !isAbsolute(path));
}

/** The files below a folder. Links are not followed, whatever they lead to. */
export function listFolder(root: string, mostFileBytes: number): ListedFile[] {
  const files: ListedFile[] = [];
  const pending = [{ folder: '', depth: 0 }];
  for (let next = pending.pop(); next && files.length < MOST_ENTRIES; next = pending.pop()) {
    for (const entry of entriesOf(join(root, next.folder))) {
      const path = next.folder + entry.name;
      if (entry.isFile()) files.push({ path, bytes: null, read: () => readPlain(join(root, path), mostFileBytes) });
      else if (!entry.isDirectory() || isIgnoredFolder(entry.name)) files.push(leftOut(path, entry.isDirectory()));
      else if (next.depth < DEEPEST) pending.push({ folder: `${path}/`, depth: next.depth + 1 });
    }
  }
  return files;
}

/** Listed, so that the analysis can say that it is there and was not read. */
function leftOut(path: string, isFolder: boolean): ListedFile {
  return { path: isFolder ? `${path}/.` : path, bytes: null, read: () => null };
}

/** None of what may not be read. */
function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Null where it went away, became something else, or may not be read. One byte more than is allowed shows that it is too large. */
function readPlain(path: string, mostBytes: number): Uint8Array | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const { size } = fstatSync(file);
    return size > mostBytes ? new Uint8Array(mostBytes + 1) : readFileSync(file);
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}
