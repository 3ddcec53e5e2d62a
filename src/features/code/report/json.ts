import type { Analysis } from '../analysis.ts';
import { snakeCased } from '../snake-cased.ts';
import type { ReportContext } from './report-context.ts';

/** Raised when a field changes its meaning or goes; a new field does not raise it. */
export const REPORT_SCHEMA = 'parley-analysis/1';

/** All of it, for programs. Names as everywhere in the API: snake_case. */
export function jsonOf(
  analysis: Analysis,
  { repository, url, commit, analysedAt, triage, suggestions }: ReportContext,
): string {
  const { engine, scores, readiness, findings, architecture, metrics } = analysis;
  const settled = findings.map((finding) => {
    const { status, note } = triage.get(finding.fingerprint) ?? { status: 'open', note: null };
    return { ...finding, status, note };
  });
  const about = { schema: REPORT_SCHEMA, repository, url, commit, analysedAt, engine };
  return `${JSON.stringify(snakeCased({ ...about, scores, readiness, findings: settled, suggestions, architecture, metrics }), null, 2)}\n`;
}
