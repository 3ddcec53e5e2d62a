import type { Finding, Grade, Score } from '../analysis.ts';
import type { FunctionMetrics, Metrics } from '../measure/metrics.ts';
import { COMPLEX, LONG } from './rules/size.ts';

type Judged = {
  readonly metrics: Metrics;
  readonly findings: readonly Finding[];
  readonly functions: readonly FunctionMetrics[];
};
type Part = Pick<Score, 'name' | 'formula' | 'inputs'> & { readonly value: number };

const LARGE_FILE_LINES = 1_000;
/** Points for each finding of the category, by severity; docs/decisions says where each number comes from. */
const SECURITY_POINTS = { critical: 40, high: 15, medium: 5, low: 1 } as const;

/** The four scores and their mean. Each takes points off 100, so that whatever is missing from it is named in its inputs. */
export function scoresOf(judged: Judged): Score[] {
  const parts = [maintainability(judged), reliability(judged), structure(judged), security(judged)];
  const overall: Part = {
    name: 'overall',
    value: parts.reduce((sum, { value }) => sum + rounded(value), 0) / parts.length,
    formula: '(maintainability + reliability + structure + security) / 4',
    inputs: Object.fromEntries(parts.map(({ name, value }) => [name, rounded(value)])),
  };
  return [...parts, overall].map((part) => ({
    ...part,
    value: rounded(part.value),
    grade: gradeOf(rounded(part.value)),
  }));
}

/** A from 90, B from 80, C from 70, D from 60. */
export function gradeOf(value: number): Grade {
  return value >= 90 ? 'A' : value >= 80 ? 'B' : value >= 70 ? 'C' : value >= 60 ? 'D' : 'E';
}

function maintainability({ metrics, functions }: Judged): Part {
  const lines = sum(functions.map((found) => found.lines));
  const percentOf = (chosen: (found: FunctionMetrics) => boolean) =>
    percent(sum(functions.filter(chosen).map((found) => found.lines)), lines);
  const complexPercent = percentOf(({ complexity }) => complexity > COMPLEX.medium);
  const longPercent = percentOf((found) => found.lines > LONG.low && found.complexity > 2);
  const duplicatedPercent = metrics.duplication.percent;
  return {
    name: 'maintainability',
    value: 100 - Math.min(40, 2 * complexPercent) - Math.min(20, longPercent) - Math.min(40, 2 * duplicatedPercent),
    formula: `100 - min(40, 2 * complex_percent) - min(20, long_percent) - min(40, 2 * duplicated_percent); of the lines of functions: complex_percent in those above ${COMPLEX.medium} (McCabe), long_percent in those above ${LONG.low} lines`,
    inputs: { complex_percent: complexPercent, long_percent: longPercent, duplicated_percent: duplicatedPercent },
  };
}

function reliability({ metrics, findings }: Judged): Part {
  const codeLines = linesOf(metrics, 'product');
  const testLines = linesOf(metrics, 'test');
  const swallowed = findings.filter(({ rule }) => rule === 'reliability/swallowed-error').length;
  const inAll = swallowed + (metrics.findingsLeftOut['reliability/swallowed-error'] ?? 0);
  const swallowedPer1000 = codeLines === 0 ? 0 : rounded((1_000 * inAll) / codeLines);
  const testRatio = codeLines === 0 ? 0 : Math.round((100 * testLines) / codeLines) / 100;
  return {
    name: 'reliability',
    value: 100 - Math.min(40, 20 * swallowedPer1000) - 40 * Math.max(0, 1 - 2 * testRatio),
    formula:
      '100 - min(40, 20 * swallowed_per_1000) - 40 * max(0, 1 - 2 * test_ratio); swallowed_per_1000: errors caught and forgotten in 1,000 lines of product code; test_ratio: lines of test code for each line of product code (whether they pass is not known)',
    inputs: { swallowed_per_1000: swallowedPer1000, test_ratio: testRatio },
  };
}

function structure({ metrics }: Judged): Part {
  const product = metrics.files.filter(({ role, functions }) => role === 'product' && functions > 0);
  const large = product.filter(({ codeLines }) => codeLines > LARGE_FILE_LINES);
  const largePercent = percent(sum(large.map((file) => file.codeLines)), sum(product.map((file) => file.codeLines)));
  const cyclicPercent = percent(metrics.imports.filesInCycles, metrics.imports.files);
  return {
    name: 'structure',
    value: 100 - Math.min(60, 3 * cyclicPercent) - Math.min(40, largePercent),
    formula: `100 - min(60, 3 * cyclic_percent) - min(40, large_percent); cyclic_percent: of the files whose imports were read (import_files; 0 says that none could be), those in a ring of imports; large_percent: of the lines of product code, those in files above ${LARGE_FILE_LINES} lines`,
    inputs: { cyclic_percent: cyclicPercent, import_files: metrics.imports.files, large_percent: largePercent },
  };
}

function security({ metrics, findings }: Judged): Part {
  const own = findings.filter(({ category }) => category === 'security');
  const count = (severity: keyof typeof SECURITY_POINTS) =>
    own.filter((finding) => finding.severity === severity).length;
  const counts = { critical: count('critical'), high: count('high'), medium: count('medium'), low: count('low') };
  const installed = metrics.dependencies.declared.filter(({ dev }) => !dev);
  const unpinnedPercent = percent(installed.filter(({ pinned }) => !pinned).length, installed.length);
  const { critical, high, medium, low } = SECURITY_POINTS;
  const points = critical * counts.critical + high * counts.high + medium * counts.medium + low * counts.low;
  return {
    name: 'security',
    value: Math.max(0, 100 - points - 0.2 * unpinnedPercent),
    formula: `max(0, 100 - ${critical} * critical - ${high} * high - ${medium} * medium - ${low} * low - 0.2 * unpinned_percent); findings of category security by severity; of the dependencies for running, those without an exact version (100 says that no rule found anything, not that nothing is there)`,
    inputs: { ...counts, unpinned_percent: unpinnedPercent },
  };
}

function linesOf({ files }: Metrics, role: 'product' | 'test'): number {
  return sum(files.filter((file) => file.role === role && file.reading !== 'lines').map(({ codeLines }) => codeLines));
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : rounded((100 * part) / whole);
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
