/** Bounds how many calls to one service run at the same time, so that a slow one cannot hold all that the process has. */
export type Bulkhead = {
  readonly active: number;
  readonly waiting: number;
  /** Runs `work` when there is room. @throws BulkheadFull when too many wait already; the signal's reason */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
};

export class BulkheadFull extends Error {
  constructor() {
    super('Too many calls wait for this service.');
    this.name = 'BulkheadFull';
  }
}

/** `most` calls at once and `mostWaiting` behind them, in their order. */
export function bulkhead(most: number, mostWaiting: number): Bulkhead {
  let active = 0;
  const queue: (() => void)[] = [];

  async function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (active < most) {
      active += 1;
      return;
    }
    if (queue.length >= mostWaiting) throw new BulkheadFull();
    const turn = Promise.withResolvers<void>();
    const admit = () => turn.resolve();
    const leave = () => {
      const place = queue.indexOf(admit);
      // Who was admitted in the same moment has the place of whoever left it, and gives it on.
      if (place === -1) return;
      queue.splice(place, 1);
      turn.reject(signal.reason);
    };
    queue.push(admit);
    signal.addEventListener('abort', leave, { once: true });
    await turn.promise.finally(() => signal.removeEventListener('abort', leave));
  }

  function leave(): void {
    const next = queue.shift();
    // The place goes from hand to hand: `active` stays.
    if (next) next();
    else active -= 1;
  }

  return {
    get active() {
      return active;
    },
    get waiting() {
      return queue.length;
    },
    async run(work, signal) {
      await enter(signal);
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
