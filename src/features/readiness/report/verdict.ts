import { CATEGORIES } from '../check.ts';
import type { CheckResult } from './check-result.ts';
import { type Scores, TARGETS } from './scores.ts';

export type Verdict = 'GO' | 'CONDITIONAL GO' | 'NO-GO';

export const RULE =
  'NO-GO: a blocker failed, was not run or has expired, without a waiver in force; or the chain of evidence is broken. ' +
  'CONDITIONAL GO: no such thing, but a check failed, was not run, has expired or is waived, or a score is below its target ' +
  `(${CATEGORIES.map((category) => `${category} ${TARGETS[category]}`).join(', ')}). ` +
  'GO: every check that applies has passed, and every score has its target. Not run is never passed.';

/** The verdict, with what led to it: the worst first. */
export function judgeReadiness(
  results: readonly CheckResult[],
  scores: Scores,
  chainFaults: readonly string[],
): { verdict: Verdict; reasons: readonly string[] } {
  const open = results.filter(({ outcome }) => outcome !== 'pass' && outcome !== 'not applicable');
  const blocking = open.filter(({ weight, waiver }) => weight === 'blocker' && waiver === null);
  const stops = [
    ...chainFaults.map((fault) => `The chain of evidence is broken: ${fault}.`),
    ...blocking.map((result) => `${told(result)} (blocker).`),
  ];
  const below = CATEGORIES.filter((category) => (scores[category] ?? 100) < TARGETS[category]);
  const conditions = [
    ...open.filter((result) => !blocking.includes(result)).map((result) => `${told(result)}.`),
    ...below.map((category) => `The score of ${category} is ${scores[category]}; ${TARGETS[category]} is wanted.`),
  ];
  if (stops.length > 0) return { verdict: 'NO-GO', reasons: [...stops, ...conditions] };
  return { verdict: conditions.length > 0 ? 'CONDITIONAL GO' : 'GO', reasons: conditions };
}

const WORDS = { fail: 'failed', 'not run': 'was not run', expired: 'has expired' } as const;

function told({ check, outcome, reason, waiver, record }: CheckResult): string {
  const why = outcome === 'fail' ? record?.observed : reason;
  const waived = waiver ? `, waived by ${waiver.owner} until ${waiver.until}: ${waiver.reason}` : '';
  return `${check} ${WORDS[outcome as keyof typeof WORDS]}${why ? `: ${why}` : ''}${waived}`;
}
