import { CATEGORIES, type Category } from '../check.ts';
import type { CheckResult } from './check-result.ts';

/** Percent, whole numbers, rounded down; null for a category to which nothing applies. */
export type Scores = Readonly<Record<Category, number | null>> & { overall: number | null };

const WORTH = { blocker: 5, major: 3, minor: 1 } as const;

/** What the predecessor's readiness report asked for (S2-68 to S2-73). */
export const TARGETS: Readonly<Record<Category, number>> = {
  security: 95,
  reliability: 95,
  performance: 85,
  observability: 80,
  documentation: 95,
};

export const SCORE_FORMULA =
  'A score is the worth of what passed in percent of the worth of what applies; a blocker is worth 5, a major check 3, a minor one 1. What was not run, has expired or is waived counts as not passed.';

export function scoresOf(results: readonly CheckResult[]): Scores {
  const of = (own: readonly CheckResult[]) => {
    const applying = own.filter(({ outcome }) => outcome !== 'not applicable');
    const worth = (some: readonly CheckResult[]) => some.reduce((sum, { weight }) => sum + WORTH[weight], 0);
    if (applying.length === 0) return null;
    return Math.floor((100 * worth(applying.filter(({ outcome }) => outcome === 'pass'))) / worth(applying));
  };
  const each = CATEGORIES.map((category) => [category, of(results.filter((result) => result.category === category))]);
  return { ...(Object.fromEntries(each) as Record<Category, number | null>), overall: of(results) };
}
