/** The contract's formulas (section 7), with their figures. */

const HOUR_MS = 3_600_000;
const RECENT_MS = 24 * HOUR_MS;
const HALF_LIFE_MS = 7 * 24 * HOUR_MS;

const IMPORTANCE_WEIGHTS = { recency: 0.4, role: 0.2, explicit: 0.4 } as const;
const ROLE_IMPORTANCE: Readonly<Record<string, number>> = { system: 0.9, user: 0.7, assistant: 0.5 };
const OTHER_ROLE_IMPORTANCE = 0.5;

export type ImportanceFactors = {
  role: string;
  /** Since it was said; below 0 counts as 0. */
  ageMs: number;
  /** Whether the message itself asks to be remembered: 0 to 1. */
  explicit: number;
};

/** clamp(0.4·recency + 0.2·role + 0.4·explicit); recency falls linearly to 0 in 24 hours. */
export function importanceOf({ role, ageMs, explicit }: ImportanceFactors): number {
  const recency = Math.max(0, 1 - Math.max(0, ageMs) / RECENT_MS);
  const { recency: r, role: o, explicit: e } = IMPORTANCE_WEIGHTS;
  return clamp(r * recency + o * (ROLE_IMPORTANCE[role] ?? OTHER_ROLE_IMPORTANCE) + e * explicit);
}

/** 1 now, a half after 7 days, a quarter after 14. */
export function decayOf(ageMs: number): number {
  return 0.5 ** (Math.max(0, ageMs) / HALF_LIFE_MS);
}

export type RecallWeights = { similarity: number; importance: number; decay: number };

export const RECALL_WEIGHTS: RecallWeights = { similarity: 0.6, importance: 0.3, decay: 0.1 };

export type RecallFactors = { similarity: number; importance: number; decay: number };

/** The weighted sum, by weights that are brought to a sum of 1. */
export function recallScore(factors: RecallFactors, weights: RecallWeights = RECALL_WEIGHTS): number {
  const sum = weights.similarity + weights.importance + weights.decay;
  if (!(sum > 0)) return 0;
  // 0.6 + 0.3 + 0.1 is not quite 1 in floating point; whoever computes a score by hand takes it for 1.
  const total = Math.abs(sum - 1) < 1e-9 ? 1 : sum;
  return (
    (weights.similarity / total) * factors.similarity +
    (weights.importance / total) * factors.importance +
    (weights.decay / total) * factors.decay
  );
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
