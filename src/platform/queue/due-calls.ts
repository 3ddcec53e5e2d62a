/** The longest pause that is worth a timer, seconds: behind it a poll later is no matter. */
const LONGEST_SECONDS = 60;
/** A job's pause is counted from its transaction's beginning, and the job is there with its end, ms. */
const MARGIN_MS = 100;

export type DueCalls = {
  /** Plans a call for when a job that was just added is due: the database gives notice only of its being added. */
  plan(name: string, seconds: number): void;
  stop(): void;
};

/** Calls those in this process who work on a queue when a job that waited in it is due. Other processes find it by their poll.
 * @param call wakes them */
export function planDueCalls(call: (name: string) => void): DueCalls {
  const planned = new Map<string, NodeJS.Timeout>();
  return {
    plan(name, seconds) {
      if (seconds > LONGEST_SECONDS) return;
      const wait = seconds * 1_000 + MARGIN_MS;
      // One for each second is enough, however many jobs are due in it.
      const key = `${name} ${Math.ceil((performance.now() + wait) / 1_000)}`;
      clearTimeout(planned.get(key));
      const timer = setTimeout(() => {
        planned.delete(key);
        call(name);
      }, wait);
      planned.set(key, timer.unref());
    },
    stop() {
      for (const timer of planned.values()) clearTimeout(timer);
      planned.clear();
    },
  };
}
