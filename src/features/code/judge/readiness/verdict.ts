import { CATEGORIES, type CategoryScore, type Judged, type Verdict, type Weight } from './judgement.ts';
import { GOALS } from './scores.ts';

export const RULE =
  'NO-GO: a critical criterion that applies is missing or unknown, or a high one is missing. ' +
  'CONDITIONAL GO: no such thing, but another that applies is not met, or a score is below its goal ' +
  `(${CATEGORIES.map((category) => `${category} ${GOALS[category]}`).join(', ')}). ` +
  'GO: every critical and high criterion that applies is met, and every score has its goal. Not seen is never passed.';

const ORDER: Readonly<Record<Weight, number>> = { critical: 0, high: 1, medium: 2, low: 3 };
const WORDS = { missing: 'is missing', partly: 'is partly met', unknown: 'is unknown' } as const;

export function verdictOf(
  criteria: readonly Judged[],
  scores: readonly CategoryScore[],
): { verdict: Verdict; reasons: readonly string[] } {
  const open = criteria
    .filter(({ status }) => status !== 'met' && status !== 'not_applicable')
    .sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
  const stops = open.filter(isStop);
  const conditions = open.filter(
    (criterion) => !isStop(criterion) && (criterion.severity === 'critical' || criterion.severity === 'high'),
  );
  const below = scores.filter(({ value, goal }) => value !== null && value < goal);
  const reasons = [
    ...[...stops, ...conditions].map(told),
    ...below.map(({ category, value, goal }) => `The score of ${category} is ${value}; ${goal} is wanted.`),
  ];
  if (stops.length > 0) return { verdict: 'NO-GO', reasons };
  return { verdict: reasons.length > 0 ? 'CONDITIONAL GO' : 'GO', reasons };
}

function isStop({ severity, status }: Judged): boolean {
  if (severity === 'critical') return status !== 'partly';
  return severity === 'high' && status === 'missing';
}

function told({ id, title, severity, status, observed }: Judged): string {
  return `“${title}” (${id}, ${severity}) ${WORDS[status as keyof typeof WORDS]}: ${observed}`;
}
