import type {
  AnalysisStatus,
  AnalysisSummary,
  Category,
  Grade,
  Repository,
  Severity,
  TriageStatus,
} from '../api/code.ts';

export const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
};

export const CATEGORY_WORDS: Readonly<Record<Category, string>> = {
  security: 'Security',
  reliability: 'Reliability',
  maintainability: 'Maintainability',
  structure: 'Structure',
  dependencies: 'Dependencies',
};

export const TRIAGE_WORDS: Readonly<Record<TriageStatus, string>> = {
  open: 'Open',
  accepted: 'Accepted',
  false_positive: 'False positive',
  resolved: 'Resolved',
};

/** What each says of a finding, for whoever chooses. */
export const TRIAGE_MEANINGS: Readonly<Record<TriageStatus, string>> = {
  open: 'Still to be judged or mended.',
  accepted: 'It is so, and stays so.',
  false_positive: 'The rule is wrong here.',
  resolved: 'It is mended; the next analysis shows whether.',
};

export const STATUS_WORDS: Readonly<Record<AnalysisStatus, string>> = {
  pending: 'Waiting',
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

export type Tone = 'good' | 'warn' | 'bad';

export function toneOfGrade(grade: Grade): Tone {
  if (grade === 'A' || grade === 'B') return 'good';
  return grade === 'C' || grade === 'D' ? 'warn' : 'bad';
}

export function isUnderWay({ status }: Pick<AnalysisSummary, 'status'>): boolean {
  return status === 'pending' || status === 'running';
}

/** Until here the code is fetched, then measured, then the result is put together: as the server counts progress. */
const FETCHED = 0.3;
const MEASURED = 0.95;

/** What is being done, without how far: it is read out whenever it changes. */
export function stageWords({ status, progress }: Pick<AnalysisSummary, 'status' | 'progress'>): string {
  if (status === 'pending') return 'Waiting for its turn';
  if (progress < FETCHED) return 'Fetching the code';
  return progress < MEASURED ? 'Measuring and judging' : 'Putting the result together';
}

export function findingCount(count: number): string {
  if (count === 0) return 'nothing found';
  return count === 1 ? '1 finding' : `${count.toLocaleString()} findings`;
}

/** "src/pay.js:7" */
export function placeWords(path: string | null, line: number | null): string {
  if (path === null) return 'The whole code base';
  return line === null ? path : `${path}:${line}`;
}

export function durationWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 1) return 'under a second';
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Where its code comes from, as a short text. */
export function originWords({ kind, url, path, branch }: Pick<Repository, 'kind' | 'url' | 'path' | 'branch'>): string {
  if (kind !== 'git') return path ?? '';
  return branch === null ? (url ?? '') : `${url}, branch ${branch}`;
}

/** How a score moved, with its sign; null where it did not, or there was none before. */
export function movement(value: number, previous: number | null): { words: string; isBetter: boolean } | null {
  if (previous === null) return null;
  const change = Math.round((value - previous) * 10) / 10;
  if (change === 0) return null;
  return { words: `${change > 0 ? '+' : '−'}${Math.abs(change)}`, isBetter: change > 0 };
}
