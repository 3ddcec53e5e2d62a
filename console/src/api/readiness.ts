import { request } from './request.ts';
import type { Page } from './types.ts';

export const CATEGORIES = ['security', 'reliability', 'performance', 'observability', 'documentation'] as const;
export type Category = (typeof CATEGORIES)[number];
export type Verdict = 'GO' | 'CONDITIONAL GO' | 'NO-GO';
export type Outcome = 'pass' | 'fail' | 'not applicable' | 'not run' | 'expired';

export type ReportHead = {
  id: string;
  started: string;
  duration_ms: number;
  verdict: Verdict;
  scores: Record<Category | 'overall', number | null>;
  outcomes: Record<Outcome, number>;
  program: string;
  commit: string;
};

export type CheckResult = {
  check: string;
  kind: 'static' | 'live' | 'load' | 'drill';
  category: Category;
  weight: 'blocker' | 'major' | 'minor';
  title: string;
  items: string[];
  outcome: Outcome;
  reason: string | null;
  remedy: string;
  waiver: { reason: string; owner: string; until: string } | null;
  fresh: boolean;
  evidence: {
    id: string;
    started: string;
    duration_ms: number;
    command: string;
    subject: string;
    expected: string;
    observed: string;
    valid_until: string;
    hash: string;
  } | null;
};

export type Report = ReportHead & {
  configuration: string;
  url: string | null;
  rule: string;
  score_formula: string;
  targets: Record<Category, number>;
  reasons: string[];
  chain_faults: string[];
  results: CheckResult[];
};

export function listReports(cursor: string | null, signal?: AbortSignal): Promise<Page<ReportHead>> {
  return request('/v1/admin/readiness', { query: { limit: 10, cursor }, signal });
}

export function readReport(id: string, signal?: AbortSignal): Promise<Report> {
  return request(`/v1/admin/readiness/${id}`, { signal });
}
