/** Which file imports which. */
export type Edges = ReadonlyMap<string, ReadonlySet<string>>;

const MOST_CYCLES = 1_000;

/** One cycle, the shortest through its first file by name, for each knot of files that import each other. */
export function findCycles(edges: Edges): { readonly cycles: string[][]; readonly filesInCycles: number } {
  const found = knots(edges);
  const cycles = found
    .map((knot) => shortestCycle([...knot].sort()[0] as string, new Set(knot), edges))
    .sort((a, b) => ((a[0] as string) < (b[0] as string) ? -1 : 1))
    .slice(0, MOST_CYCLES);
  return { cycles, filesInCycles: found.reduce((sum, knot) => sum + knot.length, 0) };
}

type Visit = { readonly node: string; readonly targets: readonly string[]; next: number };

/** Tarjan's strongly connected components of more than one file, without recursion: a chain may be as long as it likes. */
function knots(edges: Edges): string[][] {
  const search = new KnotSearch(edges);
  for (const node of [...edges.keys()].sort()) search.from(node);
  return search.found;
}

class KnotSearch {
  readonly found: string[][] = [];
  private readonly edges: Edges;
  private readonly index = new Map<string, number>();
  private readonly low = new Map<string, number>();
  private readonly stack: string[] = [];
  private readonly onStack = new Set<string>();

  constructor(edges: Edges) {
    this.edges = edges;
  }

  from(root: string): void {
    if (this.index.has(root)) return;
    const visits = [this.open(root)];
    for (let visit = visits.at(-1); visit; visit = visits.at(-1)) {
      const target = visit.targets[visit.next++];
      if (target === undefined) {
        visits.pop();
        this.close(visit.node, visits.at(-1)?.node);
      } else if (!this.index.has(target)) visits.push(this.open(target));
      else if (this.onStack.has(target)) this.lower(visit.node, this.index.get(target) ?? 0);
    }
  }

  private open(node: string): Visit {
    this.index.set(node, this.index.size);
    this.low.set(node, this.index.size - 1);
    this.stack.push(node);
    this.onStack.add(node);
    return { node, targets: [...(this.edges.get(node) ?? [])].sort(), next: 0 };
  }

  private close(node: string, parent: string | undefined): void {
    const low = this.low.get(node) ?? 0;
    if (parent !== undefined) this.lower(parent, low);
    if (low !== this.index.get(node)) return;
    const members = this.stack.splice(this.stack.lastIndexOf(node));
    for (const member of members) this.onStack.delete(member);
    if (members.length > 1) this.found.push(members);
  }

  private lower(node: string, to: number): void {
    this.low.set(node, Math.min(this.low.get(node) ?? to, to));
  }
}

/** Breadth first within a knot, until an import leads back to where it began. */
function shortestCycle(start: string, members: ReadonlySet<string>, edges: Edges): string[] {
  const before = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const target of [...(edges.get(node) ?? [])].sort()) {
      if (target === start) return trail(node, start, before);
      if (before.has(target) || !members.has(target)) continue;
      before.set(target, node);
      queue.push(target);
    }
  }
  return [];
}

function trail(last: string, start: string, before: ReadonlyMap<string, string>): string[] {
  const cycle = [last];
  while (cycle.at(-1) !== start) cycle.push(before.get(cycle.at(-1) as string) as string);
  return cycle.reverse();
}
