import type { Severity } from '../../analysis.ts';
import type { FunctionMetrics } from '../../measure/metrics.ts';
import type { Code, Remark } from './rule.ts';

/** Above 15 McCabe himself let functions be when there was a reason; 30 is twice that. */
export const COMPLEX = { medium: 15, high: 30 } as const;
/** Lines of a function, blank ones and comments included. */
export const LONG = { low: 100, medium: 250 } as const;
/** Blocks within blocks. */
export const DEEP = 5;
/** Lines of code of a file. */
const LARGE_FILE = 1_000;
const MOST_PARAMETERS = 8;

/** Functions that are hard to hold in the head. A function that wraps others is not long: they are. */
export function* sizes(code: Code): Iterable<Remark> {
  const { functions, metrics } = code.measured;
  for (const [at, found] of functions.entries()) {
    for (const bound of BOUNDS) {
      const value = bound.of(found, functions, at);
      if (value <= bound.most || found.complexity < bound.from) continue;
      yield {
        ...{
          rule: `maintainability/${bound.rule}`,
          severity: value > bound.worse ? bound.severities[1] : bound.severities[0],
        },
        ...{
          category: 'maintainability',
          path: code.path,
          line: found.line,
          evidence: null,
          verify: null,
          fix: bound.fix,
        },
        message: `\`${found.name}\` ${bound.says(value)}; ${bound.most} is the bound.`,
      };
    }
  }
  if (metrics.codeLines <= LARGE_FILE || metrics.functions === 0) return;
  yield {
    ...{ rule: 'maintainability/large-file', severity: 'low', category: 'maintainability', path: code.path, line: 1 },
    message: `${metrics.codeLines} lines of code in one file; ${LARGE_FILE} is the bound.`,
    evidence: `${metrics.functions} functions, ${metrics.classes} classes`,
    fix: 'Split it by idea.',
    verify: null,
  };
}

type Bound = {
  readonly rule: string;
  readonly of: (found: FunctionMetrics, all: readonly FunctionMetrics[], at: number) => number;
  readonly says: (value: number) => string;
  readonly most: number;
  /** Above it the second severity. */
  readonly worse: number;
  readonly severities: readonly [Severity, Severity];
  /** A function without branches is a list: only from this complexity on. */
  readonly from: number;
  readonly fix: string;
};

const BOUNDS: readonly Bound[] = [
  {
    rule: 'complex-function',
    of: ({ complexity }) => complexity,
    says: (value) => `has ${value} ways through it (McCabe)`,
    ...{ most: COMPLEX.medium, worse: COMPLEX.high, severities: ['medium', 'high'], from: 1 },
    fix: 'Give parts of it names: one function for each decision that has one.',
  },
  {
    rule: 'long-function',
    of: ownLines,
    says: (value) => `has ${value} lines of its own`,
    ...{ most: LONG.low, worse: LONG.medium, severities: ['low', 'medium'], from: 3 },
    fix: 'Split it by idea.',
  },
  {
    rule: 'deep-nesting',
    of: ({ nesting }) => nesting,
    says: (value) => `has blocks ${value} deep`,
    ...{ most: DEEP, worse: 2 * DEEP, severities: ['medium', 'high'], from: 1 },
    fix: 'Return early, or give the inner blocks a function.',
  },
  {
    rule: 'many-parameters',
    of: ({ parameters }) => parameters,
    says: (value) => `takes ${value} parameters`,
    ...{ most: MOST_PARAMETERS, worse: 2 * MOST_PARAMETERS, severities: ['low', 'medium'], from: 1 },
    fix: 'Take those that belong together as one.',
  },
];

/** Its lines without those of functions within it. Functions come by line, so those within follow it. */
export function ownLines(outer: FunctionMetrics, functions: readonly FunctionMetrics[], place: number): number {
  let inner = 0;
  let end = outer.line;
  for (let at = place + 1; at < functions.length; at++) {
    const found = functions[at] as FunctionMetrics;
    if (found.line > outer.endLine) break;
    if (found.line <= end || found.endLine > outer.endLine) continue;
    inner += found.lines;
    end = found.endLine;
  }
  return outer.lines - inner;
}
