import type { EventLine } from './event.ts';

/** Characters of events that a live run keeps in memory; a client that is further behind reads them from the database. */
const TAIL_SIZE = 256 * 1024;

/** The durable events of a run that this process is writing. */
export class LiveRun {
  #lines: EventLine[] = [];
  #size = 0;
  #firstSeq: number;
  readonly #onNews: () => void;

  /**
   * @param firstSeq the seq of the first event that will be published here
   * @param onNews called after each publish
   */
  constructor(firstSeq: number, onNews: () => void) {
    this.#firstSeq = firstSeq;
    this.#onNews = onNews;
  }

  /** Adds events that are durable. */
  publish(lines: readonly EventLine[]): void {
    for (const line of lines) {
      this.#lines.push(line);
      this.#size += line.json.length;
    }
    this.#trim();
    this.#onNews();
  }

  /** The events behind `after`, `limit` at most, or null when they are older than what is kept here. */
  linesAfter(after: number, limit: number): readonly EventLine[] | null {
    const index = after + 1 - this.#firstSeq;
    return index < 0 ? null : this.#lines.slice(index, index + limit);
  }

  #trim(): void {
    if (this.#size <= TAIL_SIZE) return;
    let dropped = 0;
    while (this.#size > TAIL_SIZE / 2 && dropped < this.#lines.length - 1) {
      this.#size -= this.#lines[dropped]?.json.length ?? 0;
      dropped += 1;
    }
    this.#lines = this.#lines.slice(dropped);
    this.#firstSeq += dropped;
  }
}
