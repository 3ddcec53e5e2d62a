/** One ranking that takes part in a fusion. */
export type Ranking<Id> = {
  /** Its share, 0 or more; shares are relative to each other. */
  weight: number;
  /** The lowest score that its kind can give: 0 for BM25, -1 for cosine. Unset: the lowest in `scores`. */
  floor?: number;
  scores: ReadonlyMap<Id, number>;
};

export type Fused<Id> = { id: Id /** 0 to 1. */; score: number };

/**
 * One ranking out of several: each score is scaled to 0..1 between the ranking's floor and its best, then weighted and
 * added; what a ranking does not have counts 0 there. Best first; ties keep the order of the first ranking that has them.
 * With the kinds' own floors this is TM2C2 (Bruch, Gai, Ingber: An Analysis of Fusion Functions for Hybrid Retrieval,
 * ACM TOIS 2023), which lost less than reciprocal rank fusion to a weak ranking.
 */
export function fuse<Id>(rankings: readonly Ranking<Id>[]): Fused<Id>[] {
  const present = rankings.filter(({ scores, weight }) => scores.size > 0 && weight > 0);
  const total = present.reduce((sum, { weight }) => sum + weight, 0);
  const fused = new Map<Id, number>();
  for (const ranking of present) {
    const scale = scaleOf(ranking);
    for (const [id, score] of ranking.scores) {
      fused.set(id, (fused.get(id) ?? 0) + (ranking.weight / total) * scale(score));
    }
  }
  return [...fused].map(([id, score]) => ({ id, score })).sort((a, b) => b.score - a.score);
}

function scaleOf<Id>({ scores, floor }: Ranking<Id>): (score: number) => number {
  const values = [...scores.values()];
  const lowest = floor ?? Math.min(...values);
  const span = Math.max(...values) - lowest;
  // All the same, a lone one included: nothing tells them apart, so all are as good as the best.
  if (!(span > 0)) return () => 1;
  return (score) => Math.max(0, (score - lowest) / span);
}
