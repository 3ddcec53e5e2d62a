import { createHash } from 'node:crypto';
import type { Commit } from '../../analysis.ts';
import { compare } from '../collect-files.ts';
import { countLines } from './count-lines.ts';
import type { Pack } from './pack.ts';
import { DEEPEST, readTree, type TreeEntry } from './tree.ts';

type ParsedCommit = { id: string; tree: string; parents: string[]; time: number; author: string };

/** Files of one commit that are looked at; one that changes more was made by a tool. */
const MOST_CHANGES = 1_000;
/** Of all files that are compared, bytes: some seconds. */
const MOST_COMPARED_BYTES = 200 * 1024 * 1024;
/** Pairs of folders that are compared, of the whole history: a folder may hold itself many times over. */
const MOST_COMPARED_FOLDERS = 200_000;

/**
 * The newest commits from `head` on, newest first, with the lines that each added and removed. A merge changes nothing by
 * itself; neither does a commit whose parents did not come along, since nobody knows what it changed.
 */
export function readHistory(
  pack: Pack,
  head: string,
  { most, shallow }: { most: number; shallow: ReadonlySet<string> },
): Commit[] {
  const budget = { bytes: MOST_COMPARED_BYTES, folders: MOST_COMPARED_FOLDERS };
  const commits: Commit[] = [];
  for (const commit of newestFirst(pack, head, most)) {
    if (budget.bytes <= 0 || budget.folders <= 0) break;
    const files = shallow.has(commit.id) ? [] : changesOf(pack, commit, budget);
    commits.push({ id: commit.id, at: new Date(commit.time).toISOString(), author: commit.author, files });
  }
  return commits;
}

function newestFirst(pack: Pack, head: string, most: number): ParsedCommit[] {
  const seen = new Map<string, ParsedCommit>();
  // By layers of parents: whatever times somebody wrote into commits, those near the head are read.
  for (let layer = [head]; layer.length > 0 && seen.size < most; ) {
    const next: string[] = [];
    for (const id of layer) {
      const commit = seen.has(id) || seen.size >= most ? null : readCommit(pack, id);
      if (!commit) continue;
      seen.set(id, commit);
      next.push(...commit.parents);
    }
    layer = next;
  }
  return [...seen.values()].sort((a, b) => b.time - a.time || compare(a.id, b.id));
}

const LAST_TIME = 253_402_300_799_000;

function readCommit(pack: Pack, id: string): ParsedCommit | null {
  const object = pack.read(id);
  if (object?.kind !== 'commit') return null;
  const [head = ''] = object.bytes.toString('utf8').split('\n\n', 1);
  const tree = /^tree ([0-9a-f]{40})$/m.exec(head)?.[1];
  if (tree === undefined) return null;
  const parents = [...head.matchAll(/^parent ([0-9a-f]{40})$/gm)].map((match) => match[1] as string);
  const [, who = '', seconds = '0'] = /^author (.*) (\d{1,12}) [+-]\d{4}$/m.exec(head) ?? [];
  const address = /<([^>]*)>/.exec(who)?.[1] ?? who;
  // Never a name or an address: whoever reads an analysis need not know who wrote what.
  const author = createHash('sha256').update(address.trim().toLowerCase()).digest('hex').slice(0, 16);
  return { id, tree, parents, time: Math.min(Number(seconds) * 1000, LAST_TIME), author };
}

type Change = { path: string; before: string | null; after: string | null };
type Budget = { bytes: number; folders: number };

function changesOf(pack: Pack, { tree, parents }: ParsedCommit, budget: Budget): Commit['files'] {
  const [parent] = parents;
  if (parents.length > 1) return [];
  const before = parent === undefined ? null : (readCommit(pack, parent)?.tree ?? undefined);
  if (before === undefined) return [];
  const changes: Change[] = [];
  compareTrees(pack, { path: '', before, after: tree }, changes, budget);
  if (changes.length > MOST_CHANGES || budget.folders <= 0) return [];
  return changes
    .sort((a, b) => compare(a.path, b.path))
    .map(({ path, ...ids }) => ({ path, ...linesOf(pack, ids, budget) }));
}

function linesOf(pack: Pack, ids: Omit<Change, 'path'>, budget: Budget): { added: number; removed: number } {
  const read = (id: string | null) => (id === null ? Buffer.alloc(0) : (pack.read(id)?.bytes ?? null));
  const [before, after] = [read(ids.before), read(ids.after)];
  if (before === null || after === null || budget.bytes <= 0) return { added: 0, removed: 0 };
  budget.bytes -= before.length + after.length;
  return countLines(before, after);
}

/** Folders whose ids are the same hold the same. Ends early where the budget does; deeper folders are left out. */
function compareTrees(pack: Pack, root: Change, changes: Change[], budget: Budget): void {
  const pending = [{ folder: root, depth: 0 }];
  for (let next = pending.pop(); next && changes.length <= MOST_CHANGES; next = pending.pop()) {
    budget.folders -= 1;
    if (budget.folders <= 0) return;
    const { folder, depth } = next;
    for (const { kind, ...change } of entryChanges(pack, folder)) {
      if (kind === 'file') changes.push(change);
      else if (kind === 'folder' && depth < DEEPEST) {
        pending.push({ folder: { ...change, path: `${change.path}/` }, depth: depth + 1 });
      }
    }
  }
}

function entryChanges(pack: Pack, { path, ...ids }: Change) {
  const [before, after] = [entriesOf(pack, ids.before), entriesOf(pack, ids.after)];
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].map((name) => changeOf(path + name, before.get(name), after.get(name)));
}

/** A file that became a folder, or the other way about, is neither. */
function changeOf(path: string, old: TreeEntry | undefined, now: TreeEntry | undefined) {
  const kinds = new Set([old?.kind, now?.kind].filter((kind) => kind !== undefined));
  const [kind] = old?.id === now?.id || kinds.size > 1 ? [] : kinds;
  return { kind: kind ?? 'other', path, before: old?.id ?? null, after: now?.id ?? null };
}

function entriesOf(pack: Pack, id: string | null) {
  const entries = (id === null ? null : readTree(pack, id)) ?? [];
  return new Map(entries.filter(({ kind }) => kind !== 'other').map((entry) => [entry.name, entry]));
}

export function treeOf(pack: Pack, commit: string): string | null {
  return readCommit(pack, commit)?.tree ?? null;
}
