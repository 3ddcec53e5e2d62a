/** What a file's text is made of, before it is known whose file it is. */
export type Structure = {
  /** By line, then by end. */
  readonly functions: readonly FoundFunction[];
  readonly classes: number;
};

/** A function as it stands in its file; the fields are those of `FunctionMetrics`. */
export type FoundFunction = {
  readonly name: string;
  readonly line: number;
  readonly endLine: number;
  readonly complexity: number;
  readonly nesting: number;
  readonly parameters: number;
};

/** A stretch of the text with its part in the count. Lines from 1. */
export type Mark = {
  readonly kind: 'function' | 'class' | 'decision' | 'nest' | 'chained';
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly endLine: number;
  /** Of functions and classes. */
  readonly name: string;
  readonly parameters: number;
};

type Open = { mark: Mark; complexity: number; deepest: number; depth: number };

/** Counts from stretches that lie within or beside each other, in one pass. */
export function structureFrom(marks: readonly Mark[]): Structure {
  const counter = new Counter(new Set(marks.filter(({ kind }) => kind === 'chained').map(({ start }) => start)));
  for (const mark of unique(marks)) counter.take(mark);
  counter.closeUntil(Number.POSITIVE_INFINITY);
  const functions = counter.found.sort(
    (a, b) => a.line - b.line || a.endLine - b.endLine || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
  return { functions, classes: marks.filter(({ kind }) => kind === 'class').length };
}

class Counter {
  readonly found: FoundFunction[] = [];
  private readonly chained: ReadonlySet<number>;
  private readonly open: Mark[] = [];
  private readonly functions: Open[] = [];
  private readonly classes: Mark[] = [];

  constructor(chained: ReadonlySet<number>) {
    this.chained = chained;
  }

  take(mark: Mark): void {
    this.closeUntil(mark.start);
    const inner = this.functions.at(-1);
    if (mark.kind === 'decision' && inner) inner.complexity++;
    if (mark.kind === 'decision' || mark.kind === 'chained') return;
    if (mark.kind === 'nest' && this.chained.has(mark.start)) return;
    this.open.push(mark);
    if (mark.kind === 'class') this.classes.push(mark);
    else if (mark.kind === 'function') this.functions.push({ mark, complexity: 1, deepest: 0, depth: 0 });
    else if (inner) inner.deepest = Math.max(inner.deepest, ++inner.depth);
  }

  closeUntil(start: number): void {
    for (let last = this.open.at(-1); last && last.end <= start; last = this.open.at(-1)) {
      this.open.pop();
      if (last.kind === 'class') this.classes.pop();
      const inner = this.functions.at(-1);
      if (!inner) continue;
      if (last.kind === 'nest') inner.depth--;
      else if (last.kind === 'function') this.found.push(closed(this.functions.pop() as Open, this.classes.at(-1)));
    }
  }
}

function closed({ mark, complexity, deepest }: Open, within: Mark | undefined): FoundFunction {
  const name = mark.name || '(anonymous)';
  return {
    name: within?.name && mark.name ? `${within.name}.${name}` : name,
    line: mark.line,
    endLine: mark.endLine,
    complexity,
    nesting: deepest,
    parameters: mark.parameters,
  };
}

const ORDER = { class: 0, function: 1, chained: 2, decision: 3, nest: 4 } as const;

/** Outer before inner; what two patterns of a query found counts once. */
function unique(marks: readonly Mark[]): Mark[] {
  const sorted = [...marks].sort((a, b) => a.start - b.start || b.end - a.end || ORDER[a.kind] - ORDER[b.kind]);
  return sorted.filter((mark, at) => {
    const before = sorted[at - 1];
    return !(before && before.start === mark.start && before.end === mark.end && before.kind === mark.kind);
  });
}
