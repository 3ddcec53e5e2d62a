import { type Static, Type } from 'typebox';
import { nullable, words } from '../../platform/http/schema.ts';
import { CATEGORIES, KINDS } from './check.ts';
import type { CheckResult } from './report/check-result.ts';
import type { Report } from './report/report.ts';
import { SCORE_FORMULA, TARGETS } from './report/scores.ts';

const Score = nullable(Type.Integer({ minimum: 0, maximum: 100 }), {
  description: 'Percent; null where nothing of the category applies.',
});
const Scores = Type.Object({
  security: Score,
  reliability: Score,
  performance: Score,
  observability: Score,
  documentation: Score,
  overall: Score,
});
const OUTCOMES = ['pass', 'fail', 'not applicable', 'not run', 'expired'] as const;
const Outcome = words(OUTCOMES);
const Verdict = words(['GO', 'CONDITIONAL GO', 'NO-GO']);
const text = nullable(Type.String());

const head = {
  id: Type.String({ format: 'uuid' }),
  started: Type.String({ format: 'date-time' }),
  duration_ms: Type.Integer(),
  verdict: Verdict,
  scores: Scores,
  outcomes: Type.Record(Type.String(), Type.Integer(), { description: 'How many checks ended so.' }),
  program: Type.String(),
  commit: Type.String(),
};
export const ReportHead = Type.Object(head, { title: 'ReadinessReportHead' });
export const ReportPage = Type.Object({ data: Type.Array(ReportHead), next_cursor: nullable(Type.String()) });

const Result = Type.Object({
  check: Type.String(),
  kind: words(KINDS),
  category: words(CATEGORIES),
  weight: words(['blocker', 'major', 'minor']),
  title: Type.String(),
  items: Type.Array(Type.String(), { description: 'Of the acceptance list.' }),
  outcome: Outcome,
  reason: text,
  remedy: Type.String(),
  waiver: nullable(Type.Object({ reason: Type.String(), owner: Type.String(), until: Type.String() })),
  fresh: Type.Boolean({ description: 'Whether it was run for this report.' }),
  evidence: nullable(
    Type.Object({
      id: Type.String(),
      started: Type.String({ format: 'date-time' }),
      duration_ms: Type.Integer(),
      command: Type.String(),
      subject: Type.String(),
      expected: Type.String(),
      observed: Type.String(),
      valid_until: Type.String({ format: 'date-time' }),
      hash: Type.String(),
    }),
  ),
});

export const ReportView = Type.Object(
  {
    ...head,
    configuration: Type.String(),
    url: text,
    rule: Type.String(),
    score_formula: Type.String(),
    targets: Type.Record(Type.String(), Type.Integer()),
    reasons: Type.Array(Type.String()),
    chain_faults: Type.Array(Type.String(), { description: 'What is wrong with the chain of reports as it is now.' }),
    results: Type.Array(Result),
  },
  { title: 'ReadinessReport' },
);

export function presentHead(report: Report): Static<typeof ReportHead> {
  const { id, started, duration_ms, verdict, scores, program, commit, results } = report;
  const count = (outcome: string) => results.filter((result) => result.outcome === outcome).length;
  const outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, count(outcome)]));
  return {
    id,
    started,
    duration_ms,
    verdict,
    scores,
    program,
    commit,
    outcomes,
  };
}

export function presentReport(report: Report, chainFaults: readonly string[]): Static<typeof ReportView> {
  const { configuration, url, rule, reasons, results } = report;
  return {
    ...presentHead(report),
    configuration,
    url,
    rule,
    score_formula: SCORE_FORMULA,
    targets: { ...TARGETS },
    reasons: [...reasons],
    chain_faults: [...chainFaults],
    results: results.map(presentResult),
  };
}

function presentResult({ record, waiver, items, ...result }: CheckResult): Static<typeof Result> {
  return {
    ...result,
    items: [...items],
    waiver: waiver && { reason: waiver.reason, owner: waiver.owner, until: waiver.until },
    evidence: record && {
      id: record.id,
      started: record.started,
      duration_ms: record.duration_ms,
      command: record.command,
      subject: record.subject,
      expected: record.expected,
      observed: record.observed,
      valid_until: record.valid_until,
      hash: record.hash,
    },
  };
}
