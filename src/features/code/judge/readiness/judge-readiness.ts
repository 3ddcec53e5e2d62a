import type { CodeBase, Finding } from '../../analysis.ts';
import { ACCESS } from './criteria/access.ts';
import { DATA_AND_DOCUMENTS } from './criteria/data-and-documents.ts';
import { DELIVERY } from './criteria/delivery.ts';
import { OBSERVING } from './criteria/observing.ts';
import { SECRETS_AND_INPUT } from './criteria/secrets-and-input.ts';
import { TIMEOUTS } from './criteria/timeouts.ts';
import type { Criterion, Fix } from './criterion.ts';
import { AREAS, type Evidence, type Judged, type ReadinessJudgement } from './judgement.ts';
import { type Profile, profileOf, traitsOf } from './profile.ts';
import { overallOf, SCORE_FORMULA, scoresOf } from './scores.ts';
import { type Survey, surveyOf } from './survey.ts';
import { RULE, verdictOf } from './verdict.ts';

export const CRITERIA: readonly Criterion[] = [
  ...ACCESS,
  ...SECRETS_AND_INPUT,
  ...TIMEOUTS,
  ...OBSERVING,
  ...DELIVERY,
  ...DATA_AND_DOCUMENTS,
].sort((a, b) => AREAS.indexOf(a.area) - AREAS.indexOf(b.area));

/**
 * How ready for production a foreign code base is, by what is in its files alone: nothing is run, nobody is asked. The same
 * code base gives the same judgement. `findings` are what other rules found in it: secrets count here, too.
 */
export function judgeReadiness(code: CodeBase, findings: readonly Finding[] = []): ReadinessJudgement {
  const survey = surveyOf(code, findings);
  const profile = profileOf(survey);
  const criteria = CRITERIA.map((criterion) => judged(criterion, survey, profile));
  const scores = scoresOf(criteria);
  return {
    ...verdictOf(criteria, scores),
    rule: RULE,
    profile: traitsOf(profile),
    scores,
    overall: overallOf(criteria),
    formula: SCORE_FORMULA,
    criteria,
  };
}

function judged(criterion: Criterion, survey: Survey, profile: Profile): Judged {
  const { id, area, category, severity, title, items, verify } = criterion;
  const seen = honest(criterion.judge(survey, profile), survey);
  const isOpen = seen.status !== 'met' && seen.status !== 'not_applicable';
  const fix = isOpen ? fixFor(criterion.fix, profile) : '';
  return { id, area, category, severity, title, ...seen, evidence: distinct(seen.evidence), fix, verify, items };
}

function distinct(evidence: readonly Evidence[]): readonly Evidence[] {
  return [...new Map(evidence.map((one) => [`${one.path}:${one.line}`, one])).values()];
}

/** Where files were left out, what was not seen may be in them; and what was seen to be nowhere may be, too. */
function honest(seen: ReturnType<Criterion['judge']>, survey: Survey): ReturnType<Criterion['judge']> {
  if (survey.complete || seen.evidence.length > 0) return seen;
  if (seen.status !== 'missing' && seen.status !== 'met') return seen;
  return { ...seen, status: 'unknown', observed: `${seen.observed} But part of the code base was not read.` };
}

function fixFor(fix: Fix, { ecosystem }: Profile): string {
  if (typeof fix === 'string') return fix;
  return (ecosystem && fix[ecosystem]) ?? fix.other;
}
