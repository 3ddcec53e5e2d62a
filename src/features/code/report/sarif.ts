import { type SarifLevel, type SarifResult, type SarifRule, sarifLog } from '../../../lib/sarif/sarif.ts';
import type { Analysis, Finding, Severity } from '../analysis.ts';
import type { Judged } from '../judge/readiness/judgement.ts';
import type { ReportContext } from './report-context.ts';
import { visible } from './visible.ts';

const LEVELS: Readonly<Record<Severity, SarifLevel>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
};
/** By which GitHub sorts (0 to 10). */
const WEIGHTS: Readonly<Record<Severity, string>> = { critical: '9.5', high: '8.0', medium: '5.5', low: '2.0' };

/** A result for each finding and for each criterion of readiness that is not met, as code scanners show them. */
export function sarifOf(analysis: Analysis, context: ReportContext): string {
  const open = analysis.readiness.criteria.filter(({ status }) => status !== 'met' && status !== 'not_applicable');
  const rules = [...rulesOf(analysis.findings), ...open.map(criterionRule)];
  const indexOf = new Map(rules.map(({ id }, index) => [id, index]));
  const somewhere = fallbackPath(analysis);
  return sarifLog({
    tool: { driver: { name: 'parley assess', version: analysis.engine, rules } },
    invocations: [
      {
        executionSuccessful: true,
        endTimeUtc: context.analysedAt,
        properties: { verdict: analysis.readiness.verdict, commit: context.commit },
      },
    ],
    results: [
      ...analysis.findings.map((finding) =>
        findingResult(finding, indexOf.get(finding.rule) ?? -1, somewhere, context),
      ),
      ...open.map((criterion) => criterionResult(criterion, indexOf.get(`readiness/${criterion.id}`) ?? -1, somewhere)),
    ],
  });
}

function rulesOf(findings: readonly Finding[]): SarifRule[] {
  const first = new Map(findings.toReversed().map((finding) => [finding.rule, finding]));
  return [...first.values()]
    .sort((a, b) => (a.rule < b.rule ? -1 : 1))
    .map(({ rule, severity, category, fix }) => ({
      id: rule,
      shortDescription: { text: rule },
      help: { text: visible(fix) },
      defaultConfiguration: { level: LEVELS[severity] },
      properties: { tags: [category], 'security-severity': WEIGHTS[severity] },
    }));
}

function criterionRule({ id, title, fix, severity, category, area, items }: Judged): SarifRule {
  return {
    id: `readiness/${id}`,
    shortDescription: { text: title },
    help: { text: fix },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { tags: ['readiness', category], area, items },
  };
}

function findingResult(finding: Finding, ruleIndex: number, somewhere: string, context: ReportContext): SarifResult {
  const triage = context.triage.get(finding.fingerprint);
  const isSettled = triage !== undefined && triage.status !== 'open';
  return {
    ruleId: finding.rule,
    ruleIndex,
    kind: 'fail',
    level: LEVELS[finding.severity],
    message: { text: visible(`${finding.message} ${finding.fix}`) },
    locations: [locationOf(finding.path ?? somewhere, finding.line)],
    partialFingerprints: { 'parley/v1': finding.fingerprint },
    ...(isSettled && {
      suppressions: [
        {
          kind: 'external',
          status: 'accepted',
          justification: visible(`${triage.status.replace('_', ' ')}${triage.note ? `: ${triage.note}` : ''}`),
        },
      ],
    }),
  };
}

function criterionResult(
  { id, title, status, severity, observed, evidence, fix }: Judged,
  ruleIndex: number,
  somewhere: string,
): SarifResult {
  const isUnknown = status === 'unknown';
  const places = evidence.length > 0 ? evidence : [{ path: somewhere, line: null }];
  return {
    ruleId: `readiness/${id}`,
    ruleIndex,
    kind: isUnknown ? 'open' : 'fail',
    level: isUnknown ? 'none' : LEVELS[severity],
    message: { text: visible(`${title}: ${observed} ${fix}`) },
    locations: places.map(({ path, line }) => locationOf(path, line)),
    partialFingerprints: { 'parley/v1': `readiness/${id}` },
  };
}

/** GitHub refuses a whole file for one result without a place in a file: what is about all of it stands at its beginning. */
function fallbackPath({ metrics }: Analysis): string {
  const paths = metrics.files.map(({ path }) => path);
  return paths.find((path) => /^readme/i.test(path)) ?? paths[0] ?? 'README.md';
}

function locationOf(path: string, line: number | null): SarifResult['locations'][number] {
  const uri = path
    .split('/')
    .map((segment) => encodeURIComponent(segment.toWellFormed()))
    .join('/');
  return { physicalLocation: { artifactLocation: { uri }, region: { startLine: line ?? 1 } } };
}
