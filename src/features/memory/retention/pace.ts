/** What one batch is to take, ms: whoever comes meanwhile waits for it, for the disk above all. */
const WANTED_MS = 25;
const SMALLEST = 10;
const LARGEST = 200;
const FIRST = 50;
/** A batch may be so much larger than the one before. */
const GROWTH = 1.5;
/** Time that others have to themselves, for each that a batch took. */
const REST_SHARE = 0.5;
const LONGEST_REST_MS = 1_000;

export type Pace = {
  /** How many the next batch has. */
  size(): number;
  /** Learns how long a batch took, ms. Returns how long to leave the database alone, ms. */
  restAfter(took: number): number;
};

/** Batches as large as the database deals with in some tens of milliseconds now: smaller while it is busy. */
export function createPace(): Pace {
  let size = FIRST;
  return {
    size: () => size,
    restAfter: (took) => {
      const fitting = took > 0 ? (size * WANTED_MS) / took : LARGEST;
      size = Math.round(Math.min(LARGEST, GROWTH * size, Math.max(SMALLEST, fitting)));
      return Math.min(LONGEST_REST_MS, REST_SHARE * took);
    },
  };
}
