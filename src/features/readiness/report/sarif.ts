import { type SarifResult, sarifLog } from '../../../lib/sarif/sarif.ts';
import type { CheckResult } from './check-result.ts';
import { observedOf } from './markdown.ts';
import type { Report } from './report.ts';

const LEVELS = { blocker: 'error', major: 'warning', minor: 'note' } as const;
const KINDS_OF_OUTCOME = { fail: 'fail', 'not run': 'open', expired: 'review' } as const;

type OpenResult = CheckResult & { outcome: keyof typeof KINDS_OF_OUTCOME };

/**
 * SARIF 2.1.0, as code scanners show it: a rule for each check, and a result for each that says something is open. GitHub makes
 * an alert of every result, of one that passed, too, and refuses a whole file for one result without a place in a file.
 */
export function sarifOf(report: Report): string {
  return sarifLog({
    tool: {
      driver: {
        name: 'parley readiness',
        version: report.program,
        rules: report.results.map(({ check, title, remedy, category, items, weight }) => ({
          id: check,
          shortDescription: { text: title },
          help: { text: remedy },
          defaultConfiguration: { level: LEVELS[weight] },
          properties: { category, items, tags: [category, ...items] },
        })),
      },
    },
    invocations: [
      {
        executionSuccessful: true,
        startTimeUtc: report.started,
        properties: { verdict: report.verdict, rule: report.rule },
      },
    ],
    results: report.results.flatMap((result, index) => (isOpen(result) ? [resultOf(result, index)] : [])),
  });
}

function isOpen(result: CheckResult): result is OpenResult {
  return result.outcome !== 'pass' && result.outcome !== 'not applicable';
}

function resultOf(result: OpenResult, ruleIndex: number): SarifResult {
  const { check, outcome, weight, waiver, record } = result;
  const kind = KINDS_OF_OUTCOME[outcome];
  return {
    ruleId: check,
    ruleIndex,
    kind,
    // Only a failure may have another level than none (SARIF §3.27.10).
    level: kind === 'fail' ? LEVELS[weight] : 'none',
    message: { text: observedOf(result) || outcome },
    locations: [
      {
        // The check's own file: what it saw is on an installation, in no file at all.
        physicalLocation: {
          artifactLocation: { uri: `src/features/readiness/${result.kind}/${check}.ts` },
          region: { startLine: 1 },
        },
        logicalLocations: [{ fullyQualifiedName: record?.subject ?? 'this installation' }],
      },
    ],
    ...(record && { fingerprints: { 'evidence/sha256': record.hash } }),
    ...(waiver && {
      suppressions: [
        {
          kind: 'external',
          status: 'accepted',
          justification: `${waiver.owner}, until ${waiver.until}: ${waiver.reason}`,
        },
      ],
    }),
  };
}
