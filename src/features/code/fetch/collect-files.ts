import type { CodeBase, CodeFile } from '../analysis.ts';
import type { FetchLimits } from './fetch-limits.ts';

/** A file as its place lists it: not read yet. */
export type ListedFile = {
  /** With `/`, relative, as it came: it may hold anything. */
  path: string;
  /** Null where that is known only once it was read. */
  bytes: number | null;
  /** Null where there are no bytes of it: a link, or what was too large to come along. */
  read(): Uint8Array | null;
};

export type Collected = Pick<CodeBase, 'files' | 'skipped'>;
type Skipped = CodeBase['skipped'][number];

/** Folders of what is installed, generated or kept by tools. */
const IGNORED_FOLDERS = new Set([
  '.git',
  '.hg',
  '.svn',
  '.next',
  '.nuxt',
  '.tox',
  '.venv',
  '.idea',
  '.gradle',
  '__pycache__',
  'bower_components',
  'dist',
  'node_modules',
  'obj',
  'target',
  'vendor',
  'venv',
]);

const MOST_SKIPPED = 2_000;
/** As git itself looks for a NUL. */
const BINARY_HEAD = 8_000;

export function isIgnoredFolder(name: string): boolean {
  return IGNORED_FOLDERS.has(name);
}

/** The ignored folder that a path is in, or null. */
function ignoredFolderOf(path: string): string | null {
  const parts = path.split('/');
  const at = parts.slice(0, -1).findIndex(isIgnoredFolder);
  return at < 0 ? null : `${parts.slice(0, at + 1).join('/')}/`;
}

/**
 * The files that are worth to be read, in order of path, whatever order they came in, and what was left out. Nothing is
 * written anywhere: a path with `..` leads nowhere, and is left out.
 */
export function collectFiles(listed: Iterable<ListedFile>, limits: FetchLimits): Collected {
  const inOrder = [...listed].sort((a, b) => compare(a.path, b.path));
  const files: CodeFile[] = [];
  const skipped = new Map<string, Skipped['reason']>();
  let textBytes = 0;
  let last: string | null = null;
  for (const file of inOrder) {
    if (file.path === last) continue;
    last = file.path;
    const left = files.length < limits.mostFiles ? limits.mostTextBytes - textBytes : 0;
    const taken = takeFile(file, limits, left);
    if (typeof taken === 'string') {
      const folder = taken === 'ignored' ? ignoredFolderOf(file.path) : null;
      if (skipped.size < MOST_SKIPPED) skipped.set(shownPath(folder ?? file.path), taken);
      continue;
    }
    textBytes += taken.bytes;
    files.push(taken);
  }
  const leftOut = [...skipped].map(([path, reason]) => ({ path, reason }));
  return { files, skipped: leftOut.sort((a, b) => compare(a.path, b.path)) };
}

function takeFile(file: ListedFile, { mostFileBytes }: FetchLimits, left: number): CodeFile | Skipped['reason'] {
  if (!isPlainPath(file.path) || ignoredFolderOf(file.path) !== null) return 'ignored';
  if (file.bytes !== null && file.bytes > mostFileBytes) return 'too_large';
  if (left <= 0 || (file.bytes ?? 0) > left) return 'limit';
  const content = file.read();
  if (content === null) return 'ignored';
  if (content.length > mostFileBytes) return 'too_large';
  if (content.length > left) return 'limit';
  const text = decode(content);
  return text === null ? 'binary' : { path: file.path, bytes: content.length, text };
}

const LONGEST_PATH = 1_000;

function isPlainPath(path: string): boolean {
  if (path.length > LONGEST_PATH || /[\\\p{Cc}\p{Cs}\u{fffd}]/u.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** Whatever a name holds, it can be stored and shown. */
function shownPath(path: string): string {
  return path
    .slice(0, LONGEST_PATH)
    .toWellFormed()
    .replace(/\p{Cc}/gu, '\u{fffd}');
}

/** Null for what is no text. */
function decode(content: Uint8Array): string | null {
  const [first, second] = content;
  const isWide = first === 0xff && second === 0xfe;
  if (!isWide && content.subarray(0, BINARY_HEAD).includes(0)) return null;
  return new TextDecoder(isWide ? 'utf-16le' : 'utf-8').decode(content).replaceAll('\0', '\u{fffd}');
}

/** By code units: the same on every machine. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
