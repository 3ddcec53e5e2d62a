import { damaged } from '../fetch-fault.ts';
import type { Pack } from './pack.ts';

/** An entry of a tree: a folder, a file, or what is neither: a link, or another repository's commit. */
export type TreeEntry = { name: string; id: string; kind: 'folder' | 'file' | 'other' };

const FILE_MODES = new Set(['100644', '100755', '100664']);
const ID_BYTES = 20;

/** Null where the tree is not in the pack. @throws FetchFault */
export function readTree(pack: Pack, id: string): TreeEntry[] | null {
  const object = pack.read(id);
  if (object?.kind !== 'tree') return null;
  const { bytes } = object;
  const entries: TreeEntry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const end = bytes.indexOf(0, space);
    if (space < 0 || end < 0 || end + ID_BYTES >= bytes.length + 1) throw damaged('What the git server sent');
    const mode = bytes.toString('latin1', at, space);
    const kind = mode === '40000' || mode === '040000' ? 'folder' : FILE_MODES.has(mode) ? 'file' : 'other';
    entries.push({
      name: bytes.toString('utf8', space + 1, end),
      id: bytes.toString('hex', end + 1, end + 1 + ID_BYTES),
      kind,
    });
    at = end + 1 + ID_BYTES;
  }
  return entries;
}

export type TreeFile = { path: string; id: string; kind: 'file' | 'other' };

/** Deeper folders, and entries behind so many, are left out: a tree may hold itself many times over. */
export const DEEPEST = 64;

/**
 * The files below a tree. Folders that `skip` names are not entered; they come as one entry.
 * @param most entries that are looked at
 */
export function* filesOf(
  pack: Pack,
  root: string,
  { most, skip }: { most: number; skip(name: string): boolean },
): Generator<TreeFile> {
  let left = most;
  const pending = [{ id: root, folder: '', depth: 0 }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { folder, depth } = next;
    const entries = (readTree(pack, next.id) ?? []).slice(0, left);
    left -= entries.length;
    for (const { name, id, kind } of entries) {
      const path = folder + name;
      if (kind !== 'folder') yield { path, id, kind };
      else if (skip(name)) yield { path: `${path}/.`, id, kind: 'other' };
      else if (depth < DEEPEST) pending.push({ id, folder: `${path}/`, depth: depth + 1 });
    }
  }
}
