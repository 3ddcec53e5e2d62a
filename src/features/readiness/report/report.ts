import { canonical, sha256 } from '../evidence/canonical.ts';
import type { Surroundings } from '../evidence/evidence.ts';
import type { CheckResult } from './check-result.ts';
import type { Scores } from './scores.ts';
import type { Verdict } from './verdict.ts';

export const REPORT_FORMAT = 'parley-readiness/1';

export type Report = {
  format: typeof REPORT_FORMAT;
  id: string;
  started: string;
  duration_ms: number;
  program: string;
  commit: string;
  configuration: string;
  environment: Surroundings;
  /** The address that live checks asked; null where they were not run. */
  url: string | null;
  verdict: Verdict;
  /** What the verdict follows from, and what led to it. */
  rule: string;
  reasons: readonly string[];
  scores: Scores;
  results: readonly CheckResult[];
  /** What is wrong with the reports before this one. */
  chain_faults: readonly string[];
  /** The hash of the report before; null for the first. */
  previous: string | null;
  hash: string;
  /** Made with the installation's secret, which whoever changes a report does not have. */
  seal: string | null;
};

export type UnsealedReport = Omit<Report, 'hash' | 'seal'>;
/** HMAC of a report's hash. */
export type Seal = (hash: string) => string;

export function sealed(report: UnsealedReport, seal: Seal | null): Report {
  const hash = sha256(canonical(report));
  return { ...report, hash, seal: seal?.(hash) ?? null };
}

export function isReportUnchanged({ hash, seal: _, ...content }: Report): boolean {
  return sha256(canonical(content)) === hash;
}
