import { once } from 'node:events';
import type { Database, Unlisten } from '../../../platform/database/database.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';

const CHANNEL = 'parley_run';
/** Notices of writes gather this long, because each one takes a lock that all commits share, ms. */
const GATHER_MS = 25;
/** Postgres refuses a payload of 8,000 bytes or more; an id has 36. */
const IDS_PER_NOTICE = 200;

type Notice = { kind: 'write' | 'cancel'; runIds: string[] };

/**
 * Tells other processes that a run has new events or is to be cancelled. Only a hint: it may be lost, and then costs delay.
 * The embedded database has no other process, so nothing is sent there.
 */
export class Notices {
  readonly #database: Database;
  readonly #log: Logger;
  readonly #arrivals = new EventTarget();
  #written = new Set<string>();
  #timer: NodeJS.Timeout | null = null;

  constructor(database: Database, log: Logger) {
    this.#database = database;
    this.#log = log;
  }

  async start(onCancel: (runId: string) => void): Promise<Unlisten> {
    if (this.#database.kind === 'embedded') return async () => undefined;
    return this.#database.listen(CHANNEL, (payload) => {
      const notice = JSON.parse(payload) as Notice;
      for (const runId of notice.runIds) {
        if (notice.kind === 'cancel') onCancel(runId);
        else this.#arrivals.dispatchEvent(new Event(runId));
      }
    });
  }

  async stop(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
  }

  /** Resolves at the next notice of a write to this run; rejects when the signal is aborted. */
  async next(runId: string, signal: AbortSignal): Promise<void> {
    await once(this.#arrivals, runId, { signal });
  }

  announceWrite(runId: string): void {
    if (this.#database.kind === 'embedded') return;
    this.#written.add(runId);
    this.#timer ??= setTimeout(() => this.#sendWritten(), GATHER_MS);
  }

  announceCancel(runId: string): void {
    if (this.#database.kind === 'server') this.#send({ kind: 'cancel', runIds: [runId] });
  }

  #sendWritten(): void {
    const runIds = [...this.#written];
    this.#written = new Set();
    this.#timer = null;
    for (let start = 0; start < runIds.length; start += IDS_PER_NOTICE) {
      this.#send({ kind: 'write', runIds: runIds.slice(start, start + IDS_PER_NOTICE) });
    }
  }

  #send(notice: Notice): void {
    this.#database
      .execute('SELECT pg_notify($1, $2)', [CHANNEL, JSON.stringify(notice)])
      .catch((error: unknown) => this.#log.debug({ err: error }, 'a notice was lost'));
  }
}
