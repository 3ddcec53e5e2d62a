import { setTimeout } from 'node:timers/promises';
import type { Database } from '../../../platform/database/database.ts';
import { isDatabaseAway, isLockConflict } from '../../../platform/database/failures.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import { inTenant, queryTenant, type Tenant } from '../../tenancy/index.ts';
import { type Append, appendEvents, findAppended } from './event.store.ts';

/** The run belongs to another worker now, has ended, or was deleted: this one must write nothing more. */
export class LeaseLostError extends Error {
  constructor() {
    super('This worker no longer holds the run.');
    this.name = 'LeaseLostError';
  }
}

type Waiting = { append: Append; resolve(): void; reject(error: unknown): void };

/** Statements of one flush that may be under way for one tenant: while one is being written, the next one fills. */
const FLUSHES_AT_ONCE = 2;
const RETRY_DELAY_MS = 100;
/** Runs in one flush at most, so that one statement stays short. */
const RUNS_PER_FLUSH = 200;

/** Writes the events of all runs of this process. Streams of a tenant that want to write at the same time share one commit. */
export class EventLog {
  readonly #database: Database;
  readonly #metrics: Metrics;
  readonly #retryFor: number;
  readonly #lanes = new Map<string, Lane>();

  /** @param retryFor how long a write is tried again while the database is away, ms */
  constructor(database: Database, metrics: Metrics, retryFor: number) {
    this.#database = database;
    this.#metrics = metrics;
    this.#retryFor = retryFor;
  }

  /** Resolves when the events are durable. One append of a run at a time.
   * @throws LeaseLostError */
  append(tenant: Tenant, append: Append): Promise<void> {
    const lane = this.#lane(tenant);
    return new Promise((resolve, reject) => {
      lane.waiting.push({ append, resolve, reject });
      this.#pump(lane);
    });
  }

  #lane(tenant: Tenant): Lane {
    const known = this.#lanes.get(tenant.id);
    if (known) return known;
    const lane: Lane = { tenant, waiting: [], flushing: 0 };
    this.#lanes.set(tenant.id, lane);
    return lane;
  }

  #pump(lane: Lane): void {
    if (lane.flushing >= FLUSHES_AT_ONCE || lane.waiting.length === 0) return;
    const batch = lane.waiting.splice(0, RUNS_PER_FLUSH);
    lane.flushing += 1;
    void this.#flush(lane.tenant, batch).finally(() => {
      lane.flushing -= 1;
      if (lane.flushing === 0 && lane.waiting.length === 0) this.#lanes.delete(lane.tenant.id);
      this.#pump(lane);
    });
  }

  async #flush(tenant: Tenant, batch: readonly Waiting[]): Promise<void> {
    const stopTimer = this.#metrics.eventFlush.startTimer();
    try {
      const appends = batch.map(({ append }) => append);
      const written = await this.#write(tenant, appends);
      for (const { append, resolve, reject } of batch) {
        if (written.has(append.runId)) resolve();
        else reject(new LeaseLostError());
      }
      this.#metrics.eventsFlushed.inc(appends.reduce((sum, { firstSeq, lastSeq }) => sum + lastSeq - firstSeq + 1, 0));
    } catch (error) {
      // One run's events that cannot be written must not fail those that share the commit.
      if (batch.length > 1 && !isDatabaseAway(error)) await Promise.all(batch.map((one) => this.#flush(tenant, [one])));
      else for (const { reject } of batch) reject(error);
    } finally {
      stopTimer();
    }
  }

  /** Writes, and tries again while the database is away: an answer must not be lost to a restart of the database. */
  async #write(tenant: Tenant, appends: readonly Append[]): Promise<Set<string>> {
    const deadline = performance.now() + this.#retryFor;
    for (let tries = 1; ; tries += 1) {
      try {
        const [rows] = await queryTenant<[{ id: string }]>(this.#database, tenant, appendEvents(appends));
        const written = new Set(rows.map(({ id }) => id));
        // A commit whose answer was lost did happen: then the log already ends where this stretch ends.
        if (tries > 1) for (const id of await this.#appended(tenant, appends)) written.add(id);
        return written;
      } catch (error) {
        if (!(isDatabaseAway(error) || isLockConflict(error)) || performance.now() > deadline) throw error;
        await setTimeout(RETRY_DELAY_MS * tries);
      }
    }
  }

  #appended(tenant: Tenant, appends: readonly Append[]): Promise<string[]> {
    return inTenant(this.#database, tenant, (trx) => findAppended(trx, appends));
  }
}

type Lane = { tenant: Tenant; waiting: Waiting[]; flushing: number };
