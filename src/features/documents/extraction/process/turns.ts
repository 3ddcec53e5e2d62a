type Waiting = { start(): void };

/** So many at a time, the others in the order in which they came. */
export class Turns {
  readonly #limit: number;
  readonly #waiting: Waiting[] = [];
  #taken = 0;

  constructor(limit: number) {
    this.#limit = Math.max(1, Math.floor(limit));
  }

  /** Does the work when its turn comes; rejects with the signal's reason while it waits. */
  async take<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    signal.throwIfAborted();
    if (this.#taken < this.#limit) this.#taken += 1;
    else await this.#wait(signal);
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  /** A turn goes from hand to hand: between two of them the count does not drop, so nobody can slip in. */
  #passOn(): void {
    const next = this.#waiting.shift();
    if (next) next.start();
    else this.#taken -= 1;
  }

  #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const entry: Waiting = { start: resolve };
    const onAbort = (): void => {
      const index = this.#waiting.indexOf(entry);
      // Behind its start it is the work's own to stop.
      if (index < 0) return;
      this.#waiting.splice(index, 1);
      reject(signal.reason);
    };
    this.#waiting.push(entry);
    signal.addEventListener('abort', onAbort, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', onAbort));
  }
}
