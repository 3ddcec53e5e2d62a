import type { Counts, Distribution, FileMetrics, FunctionMetrics, LanguageMetrics, Metrics } from './metrics.ts';

const MOST_COMPLEX = 50;
const NOTHING: Counts = {
  ...{ files: 0, bytes: 0, lines: 0, codeLines: 0, commentLines: 0, blankLines: 0 },
  ...{ functions: 0, classes: 0 },
};

export function totalsOf(files: readonly FileMetrics[]): Counts {
  return files.reduce<Counts>(sum, NOTHING);
}

function sum(a: Counts, b: Counts): Counts {
  return {
    files: a.files + b.files,
    bytes: a.bytes + b.bytes,
    lines: a.lines + b.lines,
    codeLines: a.codeLines + b.codeLines,
    commentLines: a.commentLines + b.commentLines,
    blankLines: a.blankLines + b.blankLines,
    functions: a.functions + b.functions,
    classes: a.classes + b.classes,
  };
}

/** All files of a language together, vendored and generated ones too: what is there. */
export function languagesOf(files: readonly FileMetrics[]): LanguageMetrics[] {
  const byName = Map.groupBy(files, ({ language }) => language);
  return [...byName]
    .map(([language, own]) => ({ language, reading: bestReading(own), ...totalsOf(own) }))
    .sort((a, b) => b.codeLines - a.codeLines || (a.language < b.language ? -1 : 1));
}

function bestReading(files: readonly FileMetrics[]): LanguageMetrics['reading'] {
  const readings = new Set(files.map(({ reading }) => reading));
  return readings.has('parsed') ? 'parsed' : readings.has('scanned') ? 'scanned' : 'lines';
}

export function functionsOf(functions: readonly FunctionMetrics[]): Metrics['functions'] {
  if (functions.length === 0) return null;
  const worst = [...functions].sort(
    (a, b) => b.complexity - a.complexity || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line),
  );
  return {
    complexity: distributionOf(functions.map(({ complexity }) => complexity)),
    lines: distributionOf(functions.map(({ lines }) => lines)),
    nesting: distributionOf(functions.map(({ nesting }) => nesting)),
    mostComplex: worst.slice(0, MOST_COMPLEX),
  };
}

/** Of at least one value; the mean to two decimals, the others values that occur (nearest rank). */
export function distributionOf(values: readonly number[]): Distribution {
  const sorted = Float64Array.from(values).sort();
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  const total = sorted.reduce((all, value) => all + value, 0);
  return {
    count: sorted.length,
    mean: Math.round((100 * total) / Math.max(1, sorted.length)) / 100,
    median: rank(0.5),
    p90: rank(0.9),
    max: sorted.at(-1) ?? 0,
  };
}
