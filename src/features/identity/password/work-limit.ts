/** Raised when so many callers wait already that another would only time out. */
export class WorkLimitError extends Error {
  constructor() {
    super('Too many callers wait for this work.');
    this.name = 'WorkLimitError';
  }
}

type Waiter = { start(): void };

export type WorkLimit = {
  /** Runs `work` when fewer than the limit run. Rejects with the signal's reason when it aborts before the start.
   * @throws WorkLimitError when the queue is full */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
};

/** At most `concurrency` pieces of work at once and `queueLength` that wait, in order of arrival. */
export function createWorkLimit(options: { concurrency: number; queueLength: number }): WorkLimit {
  const waiting = new Set<Waiter>();
  let running = 0;

  const next = (): void => {
    const [first] = waiting;
    if (!first || running >= options.concurrency) return;
    waiting.delete(first);
    running += 1;
    first.start();
  };

  const enter = (signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (running >= options.concurrency && waiting.size >= options.queueLength) return reject(new WorkLimitError());
      const leave = (): void => {
        waiting.delete(waiter);
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        start: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      waiting.add(waiter);
      next();
    });

  return {
    run: async (work, signal) => {
      await enter(signal);
      try {
        return await work();
      } finally {
        running -= 1;
        next();
      }
    },
  };
}
