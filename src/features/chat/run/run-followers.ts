/** Rings for one who waits. Rings while nobody waits are kept until `reset`. */
export class Doorbell {
  #rung = Promise.withResolvers<void>();

  readonly ring = (): void => this.#rung.resolve();

  /** Forgets earlier rings. Called before looking, so that one in between is not missed. */
  reset(): void {
    this.#rung = Promise.withResolvers<void>();
  }

  /** Resolves at a ring since the last `reset`, or after `ms`. */
  async wait(ms?: number): Promise<void> {
    if (ms === undefined) return this.#rung.promise;
    const timer = setTimeout(this.ring, ms);
    await this.#rung.promise;
    clearTimeout(timer);
  }
}

/** Those in this process who follow runs, wherever the runs are worked on. */
export class Followers {
  readonly #bells = new Map<string, Set<Doorbell>>();
  #closed = false;

  /** The process ends: streams are let go, and their clients come back elsewhere. */
  get closed(): boolean {
    return this.#closed;
  }

  add(runId: string, bell: Doorbell): void {
    const bells = this.#bells.get(runId);
    if (bells) bells.add(bell);
    else this.#bells.set(runId, new Set([bell]));
  }

  remove(runId: string, bell: Doorbell): void {
    const bells = this.#bells.get(runId);
    bells?.delete(bell);
    if (bells?.size === 0) this.#bells.delete(runId);
  }

  /** There is news of this run. */
  ring(runId: string): void {
    for (const bell of this.#bells.get(runId) ?? []) bell.ring();
  }

  ringAll(): void {
    for (const runId of this.#bells.keys()) this.ring(runId);
  }

  close(): void {
    this.#closed = true;
    this.ringAll();
  }
}
