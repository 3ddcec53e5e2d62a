import { readFileSync } from 'node:fs';
import type { CodeBase } from '../analysis.ts';
import { listArchive } from './archive/list-archive.ts';
import { collectFiles, isIgnoredFolder, type ListedFile } from './collect-files.ts';
import { damaged, FetchFault } from './fetch-fault.ts';
import type { FetchLimits } from './fetch-limits.ts';
import { readHistory, treeOf } from './git/history.ts';
import { type Pack, readPack } from './git/pack.ts';
import { filesOf } from './git/tree.ts';
import { listFolder } from './local-folder.ts';
import type { UnpackOrder } from './unpack-order.ts';

/** Makes a code base of what was fetched. Takes its time: call it in a thread. @throws FetchFault */
export function unpack(order: UnpackOrder): CodeBase {
  const { limits } = order;
  const code = order.kind === 'pack' ? unpackCommit(order, limits) : { ...unpackPlain(order), history: null };
  if (code.files.length === 0) throw new FetchFault('empty', 'There is no text file in this repository.');
  return code;
}

function unpackPlain(order: Exclude<UnpackOrder, { kind: 'pack' }>) {
  const { limits } = order;
  const listed =
    order.kind === 'archive'
      ? listArchive(readFileSync(order.file), limits.mostBytes)
      : listFolder(order.folder, limits.mostFileBytes);
  return collectFiles(listed, limits);
}

/** Entries that are looked at for each file that is taken: what is skipped has to be found, too. */
const ENTRIES_PER_FILE = 10;

function unpackCommit({ file, commit, shallow }: UnpackOrder & { kind: 'pack' }, limits: FetchLimits): CodeBase {
  const pack = readPack(readFileSync(file));
  const tree = treeOf(pack, commit);
  if (tree === null) throw damaged('What the git server sent');
  const entries = filesOf(pack, tree, { most: limits.mostFiles * ENTRIES_PER_FILE, skip: isIgnoredFolder });
  const listed = [...entries].map(({ path, id, kind }) => listedFile(pack, path, kind === 'file' ? id : null, limits));
  const history =
    limits.historyCommits === 0
      ? null
      : readHistory(pack, commit, { most: limits.historyCommits, shallow: new Set(shallow) });
  return { ...collectFiles(listed, limits), history };
}

/** A file that the server left out of the pack was too large for us. */
function listedFile(pack: Pack, path: string, id: string | null, { mostFileBytes }: FetchLimits): ListedFile {
  if (id === null) return { path, bytes: null, read: () => null };
  return { path, bytes: null, read: () => pack.read(id)?.bytes ?? new Uint8Array(mostFileBytes + 1) };
}
