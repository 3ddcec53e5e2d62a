import type { SourceFile } from './source-file.ts';

/** One cycle, the shortest, for every knot of files that import each other; each as the list of its files, in order. */
export function findCycles(files: readonly SourceFile[]): string[][] {
  const paths = new Set(files.map(({ path }) => path));
  const targets = new Map(files.map(({ path, imports }) => [path, targetsOf(imports, paths)]));
  const cycles: string[][] = [];
  const seen = new Set<string>();
  for (const path of [...paths].sort()) {
    if (seen.has(path)) continue;
    const cycle = shortestCycle(path, targets);
    if (!cycle) continue;
    cycles.push(cycle);
    for (const member of knotOf(path, targets)) seen.add(member);
  }
  return cycles;
}

type Targets = ReadonlyMap<string, readonly string[]>;

function targetsOf(imports: SourceFile['imports'], paths: ReadonlySet<string>): string[] {
  return imports.map(({ target }) => target).filter((target) => target !== null && paths.has(target)) as string[];
}

/** Breadth first from `start`, until an import leads back to it. */
function shortestCycle(start: string, targets: Targets): string[] | null {
  const before = new Map<string, string>();
  const queue = [start];
  for (const path of queue) {
    for (const target of targets.get(path) ?? []) {
      if (target === start) return trail(path, start, before);
      if (before.has(target)) continue;
      before.set(target, path);
      queue.push(target);
    }
  }
  return null;
}

function trail(last: string, start: string, before: ReadonlyMap<string, string>): string[] {
  const cycle = [last];
  while (cycle[0] !== start) cycle.unshift(before.get(cycle[0] as string) as string);
  return cycle;
}

/** Every file that `path` reaches and that reaches `path`. */
function knotOf(path: string, targets: Targets): Set<string> {
  const forward = reachable(path, targets);
  return new Set([...forward].filter((other) => reachable(other, targets).has(path)));
}

function reachable(start: string, targets: Targets): Set<string> {
  const found = new Set([start]);
  for (const path of found) for (const target of targets.get(path) ?? []) found.add(target);
  return found;
}
