import { CATEGORIES, type Category, type CategoryScore, type Judged, type Status, type Weight } from './judgement.ts';

const WORTH: Readonly<Record<Weight, number>> = { critical: 8, high: 5, medium: 3, low: 1 };
const SHARE: Readonly<Record<Status, number>> = { met: 1, partly: 0.5, missing: 0, unknown: 0, not_applicable: 0 };

/** What the predecessor's own report asked of itself (S2-68 to S2-72). */
export const GOALS: Readonly<Record<Category, number>> = {
  security: 95,
  reliability: 95,
  performance: 85,
  observability: 80,
  documentation: 95,
};

export const SCORE_FORMULA =
  'A score is 100 × what was earned / what could be, rounded down. A criterion that applies is worth 8 (critical), 5 (high), 3 (medium) or 1 (low); met earns all of it, partly half, missing and unknown nothing. Overall is the same over all criteria.';

export function scoresOf(criteria: readonly Judged[]): readonly CategoryScore[] {
  return CATEGORIES.map((category) => {
    const own = criteria.filter((criterion) => criterion.category === category);
    return { category, value: overallOf(own), goal: GOALS[category] };
  });
}

/** Null where nothing applies. */
export function overallOf(criteria: readonly Judged[]): number | null {
  const applying = criteria.filter(({ status }) => status !== 'not_applicable');
  if (applying.length === 0) return null;
  const could = applying.reduce((sum, { severity }) => sum + WORTH[severity], 0);
  const earned = applying.reduce((sum, { severity, status }) => sum + WORTH[severity] * SHARE[status], 0);
  return Math.floor((100 * earned) / could);
}
