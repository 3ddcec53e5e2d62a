import type { EventLine } from './event.ts';

/** Bytes of events that a live run keeps in memory; a client that is further behind reads them from the database. */
const TAIL_BYTES = 1024 * 1024;

/** The durable events of a run that this process is writing, and a wake-up for those who follow it. */
export class LiveRun {
  #lines: EventLine[] = [];
  #bytes = 0;
  #firstSeq: number;
  #ended = false;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();

  /** @param firstSeq the seq of the first event that will be published here */
  constructor(firstSeq: number) {
    this.#firstSeq = firstSeq;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Adds events that are durable, and wakes every follower. */
  publish(lines: readonly EventLine[]): void {
    for (const line of lines) {
      this.#lines.push(line);
      this.#bytes += line.json.length;
    }
    this.#trim();
    this.#notify();
  }

  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /** The events behind `after`, or null when they are older than what is kept here. */
  linesAfter(after: number): readonly EventLine[] | null {
    const index = after + 1 - this.#firstSeq;
    return index < 0 ? null : this.#lines.slice(index);
  }

  /** Resolves at the next publish or at the end. */
  changed(): Promise<void> {
    return this.#wake.promise;
  }

  #notify(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  #trim(): void {
    if (this.#bytes <= TAIL_BYTES) return;
    let dropped = 0;
    while (this.#bytes > TAIL_BYTES / 2 && dropped < this.#lines.length - 1) {
      this.#bytes -= this.#lines[dropped]?.json.length ?? 0;
      dropped += 1;
    }
    this.#lines = this.#lines.slice(dropped);
    this.#firstSeq += dropped;
  }
}
