import type { Dirent } from 'node:fs';
import { opendir, realpath } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

export type FolderFile = {
  /** Relative to the folder, with `/`. */
  path: string;
  absolutePath: string;
};

/** What holds no text to search: named only so that a folder of pictures does not become a list of failures. */
const NO_TEXT =
  /\.(?:png|jpe?g|gif|webp|avif|bmp|tiff?|ico|svg|heic|psd|mp[34]|m4[av]|wav|ogg|flac|mov|avi|mkv|webm|zip|t?gz|bz2|xz|7z|rar|tar|iso|dmg|exe|dll|so|dylib|bin|o|a|class|jar|war|pyc|wasm|woff2?|ttf|otf|eot|db|sqlite3?|lock|map)$/i;

/** Folders that are deep enough to be a loop or an attack. */
const MAX_DEPTH = 32;

/**
 * The files below a folder, in the order of their paths. Hidden ones are left out, and symbolic links are never followed:
 * one could lead out of the folder. Of folders below that are there and cannot be read, `onUnreadable` is told the paths.
 * @throws when the folder itself cannot be read
 */
export async function* walkFolder(folder: string, onUnreadable: (path: string) => void): AsyncGenerator<FolderFile> {
  const root = await realpath(folder);
  const pathOf = (absolutePath: string) => relative(root, absolutePath).split(sep).join('/');
  for await (const absolutePath of walk(root, 0, (path) => onUnreadable(pathOf(path)))) {
    yield { path: pathOf(absolutePath), absolutePath };
  }
}

async function* walk(folder: string, depth: number, onUnreadable: (path: string) => void): AsyncGenerator<string> {
  for (const entry of await entriesOf(folder, depth, onUnreadable)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth < MAX_DEPTH) yield* walk(path, depth + 1, onUnreadable);
    if (entry.isFile() && !NO_TEXT.test(entry.name)) yield path;
  }
}

/** Hidden files left out. */
async function entriesOf(folder: string, depth: number, onUnreadable: (path: string) => void): Promise<Dirent[]> {
  try {
    const entries = await Array.fromAsync(await opendir(folder));
    return entries
      .filter(({ name }) => !name.startsWith('.') && name.isWellFormed())
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (depth === 0) throw error;
    // One that was removed meanwhile is gone, with all that it held.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onUnreadable(folder);
    return [];
  }
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.txt': 'text/plain',
  '.md': 'text/markdown',
  '.markdown': 'text/markdown',
  '.html': 'text/html',
  '.htm': 'text/html',
  '.csv': 'text/csv',
  '.json': 'application/json',
  '.pdf': 'application/pdf',
  '.epub': 'application/epub+zip',
  '.eml': 'message/rfc822',
  '.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  '.pptx': 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  '.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

/** By the name; what a file really is, its extraction finds out. */
export function mediaTypeOf(path: string): string {
  return MEDIA_TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream';
}
