/** The sixteen areas of the four readiness documents, and three that they ask about under other headings. */
export const AREAS = [
  'rate limits',
  'CORS',
  'authentication',
  'security headers',
  'secrets',
  'timeouts',
  'validation',
  'health',
  'logging',
  'error handling',
  'tests',
  'CI',
  'containers',
  'monitoring',
  'database',
  'migrations',
  'backups',
  'documentation',
  'performance',
] as const;
export type Area = (typeof AREAS)[number];

/** What scores are given for; the goals are those of the predecessor's own report (S2-68 to S2-72). */
export const CATEGORIES = ['security', 'reliability', 'performance', 'observability', 'documentation'] as const;
export type Category = (typeof CATEGORIES)[number];

/**
 * `met`: seen in the code base. `partly`: seen, but not all of it. `missing`: it would be in the code base, all of which was
 * read, and it is not, or its opposite is. `unknown`: it may be elsewhere, or part of the code base was not read: not seen is
 * never passed. `not_applicable`: nothing here needs it.
 */
export const STATUSES = ['met', 'partly', 'missing', 'unknown', 'not_applicable'] as const;
export type Status = (typeof STATUSES)[number];

export type Weight = 'critical' | 'high' | 'medium' | 'low';

/** A line of the code base. */
export type Evidence = {
  path: string /** From 1; null where the file itself is it. */;
  line: number | null;
  text: string;
};

export type Judged = {
  /** Stable: `rate-limits/requests`. */
  id: string;
  area: Area;
  category: Category;
  /** What it means where this is not met. */
  severity: Weight;
  /** What is true where it is met, as a sentence. */
  title: string;
  status: Status;
  /** Why this status: what was seen, or was not. */
  observed: string;
  evidence: readonly Evidence[];
  /** What to do; empty where there is nothing to do. */
  fix: string;
  /** A command that shows whether it is so, run in the code base's folder or against `$URL`. */
  verify: string;
  /** Lines of the four readiness documents that ask for it: `S0-4`. */
  items: readonly string[];
};

export type CategoryScore = {
  category: Category;
  /** 0 to 100, rounded down; null where nothing applies. */
  value: number | null;
  goal: number;
};

export type Verdict = 'GO' | 'CONDITIONAL GO' | 'NO-GO';

export type ReadinessJudgement = {
  verdict: Verdict;
  /** What the verdict follows from. */
  rule: string;
  /** What led to it, the worst first; empty where nothing is open. */
  reasons: readonly string[];
  /** What the code base was taken for, which decides what applies; with the lines that say so. */
  profile: readonly { trait: string; evidence: readonly Evidence[] }[];
  scores: readonly CategoryScore[];
  overall: number | null;
  formula: string;
  criteria: readonly Judged[];
};
