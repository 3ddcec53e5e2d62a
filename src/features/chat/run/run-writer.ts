import type { Tenant } from '../../tenancy/index.ts';
import { Answer } from './answer.ts';
import type { Append, RunEnd, RunWait } from './event.store.ts';
import { type EventLine, eventLine, type RunEvent } from './event.ts';
import type { EventLog } from './event-log.ts';
import type { LiveRun } from './live-run.ts';

/** Characters of one `text-delta` at most, where several become one. */
const LONGEST_DELTA = 8 * 1024;

/** Events that nobody waits for: they are written with the next that somebody does, or after this time, ms. The first text
 * of an answer comes sooner so, since it waits for no write but its own; the more streams there are, the more that saves. */
const UNHURRIED = new Set<RunEvent['type']>([
  'step-start',
  'retrieval',
  'recall',
  'history-cut',
  'text-start',
  'text-end',
  'usage',
  'step-end',
]);
const UNHURRIED_MS = 200;

export type WrittenRun = { tenant: Tenant; id: string; attempt: number; lastSeq: number; onWritten(): void };

/**
 * Gives the events of one run their places and makes them durable, in order, then hands them to whoever follows.
 * While one write is under way the next events gather, so a fast model costs few writes and a slow one no delay. Pieces of
 * text that gather for the same write become one event: no client could have seen the first of them earlier.
 */
export class RunWriter {
  readonly answer = new Answer();
  readonly #log: EventLog;
  readonly #live: LiveRun;
  readonly #run: WrittenRun;
  #seq: number;
  #waiting: RunEvent[] = [];
  #writing: Promise<void> | null = null;
  #end: RunEnd | null = null;
  #wait: RunWait | null = null;
  #failure: unknown = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(log: EventLog, live: LiveRun, run: WrittenRun) {
    this.#log = log;
    this.#live = live;
    this.#run = run;
    this.#seq = run.lastSeq;
  }

  /** Place of the last event, durable or not. */
  get position(): number {
    return this.#seq + this.#waiting.length;
  }

  /** How long the text may gather before it is worth a write, ms. */
  get gatherMs(): number {
    return this.#log.gatherMs;
  }

  /** Adds an event. It reaches clients once it is durable. */
  emit(event: RunEvent): void {
    this.answer.add(event);
    this.#gather(event);
    if (UNHURRIED.has(event.type)) this.#timer ??= setTimeout(() => this.#start(), UNHURRIED_MS);
    else this.#start();
  }

  /** Waits while something is being written: what the model says meanwhile gathers in the network and is read at once, since
   * it could not be written any earlier. Throws what the writing threw. */
  async room(): Promise<void> {
    if (this.#writing) await this.#writing;
    this.#rethrow();
  }

  /** Resolves when all that was emitted is durable. Throws what the writing threw. */
  async flushed(): Promise<void> {
    if (this.#waiting.length > 0) this.#start();
    while (this.#writing) await this.#writing;
    this.#rethrow();
  }

  /** Writes the last event together with the run's end and its message, in one transaction. */
  async end(event: Extract<RunEvent, { type: 'run-end' }>, end: RunEnd): Promise<void> {
    this.#end = end;
    this.emit(event);
    await this.flushed();
  }

  /** Writes the event together with the run's status: from then on nobody holds it. */
  async wait(event: Extract<RunEvent, { type: 'run-wait' }>, wait: RunWait): Promise<void> {
    this.#wait = wait;
    this.emit(event);
    await this.flushed();
  }

  #gather(event: RunEvent): void {
    const last = this.#waiting.at(-1);
    const goesOn = event.type === 'text-delta' && last?.type === 'text-delta' && last.part_id === event.part_id;
    if (goesOn && last.delta.length < LONGEST_DELTA) {
      this.#waiting[this.#waiting.length - 1] = { ...last, delta: last.delta + event.delta };
    } else this.#waiting.push(event);
  }

  #start(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#writing ??= this.#drain();
  }

  #rethrow(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  async #drain(): Promise<void> {
    // One turn of the event loop: what one piece of the network brought is written together, often the whole of a short answer.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      while (this.#waiting.length > 0 && this.#failure === null) await this.#writeWaiting();
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#writing = null;
    }
  }

  async #writeWaiting(): Promise<void> {
    let lines: EventLine[] = [];
    await this.#log.append(this.#run.tenant, () => {
      lines = this.#waiting.map((event): EventLine => eventLine(++this.#seq, event));
      this.#waiting = [];
      return this.#stretch(lines);
    });
    this.#live.publish(lines);
    this.#run.onWritten();
  }

  #stretch(lines: readonly EventLine[]): Append {
    const { id: runId, attempt } = this.#run;
    const last = lines.at(-1);
    return {
      runId,
      attempt,
      firstSeq: lines[0]?.seq ?? this.#seq + 1,
      lastSeq: this.#seq,
      events: lines.map(({ json }) => json).join(','),
      end: last?.type === 'run-end' ? this.#end : null,
      wait: last?.type === 'run-wait' ? this.#wait : null,
    };
  }
}
