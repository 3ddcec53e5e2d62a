import { setTimeout } from 'node:timers/promises';
import type { Database } from '../../../platform/database/database.ts';
import { isDatabaseAway, isLockConflict } from '../../../platform/database/failures.ts';
import { findByKeys } from '../../../platform/database/find-by-keys.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import { outsideOfWork } from '../../../platform/telemetry/tracing.ts';
import { inTenant, queryTenant, type Tenant } from '../../tenancy/index.ts';
import { type Append, appendEvents, findAppended } from './event.store.ts';

/** The run belongs to another worker now, has ended, or was deleted: this one must write nothing more. */
export class LeaseLostError extends Error {
  constructor() {
    super('This worker no longer holds the run.');
    this.name = 'LeaseLostError';
  }
}

type Waiting = { take(): Append; resolve(): void; reject(error: unknown): void };
type Taken = Omit<Waiting, 'take'> & { append: Append };

/** After a flush a tenant's log rests for so many times as long as the flush took, so that the database has time for others.
 * Alone, a stream does not notice; with hundreds, each write carries more and the text keeps its pace. */
const REST = 1;
/** What a model says gathers for so many times as long as a flush takes, before it is read: see {@link EventLog.gatherMs}. */
const GATHER = 3;
/** Weight of the last flush in what a flush takes. */
const LAST_FLUSH = 0.1;
/** What a reader may wait for either of them beside the time of a write, ms. */
const LONGEST_REST_MS = 100;
/** A flush that takes longer, because one of its runs is locked, holds up the others no more, ms; so many may be under way. */
const PATIENCE_MS = 300;
const MOST_UNDER_WAY = 3;
const RETRY_DELAY_MS = 100;
/** Runs in one flush at most, so that one statement stays short. */
const RUNS_PER_FLUSH = 200;

/** Writes the events of all runs of this process. Streams of a tenant that want to write at the same time share one commit. */
export class EventLog {
  readonly #database: Database;
  readonly #metrics: Metrics;
  readonly #retryFor: number;
  readonly #lanes = new Map<string, Lane>();
  #flushMs = 0;

  /** @param retryFor how long a write is tried again while the database is away, ms */
  constructor(database: Database, metrics: Metrics, retryFor: number) {
    this.#database = database;
    this.#metrics = metrics;
    this.#retryFor = retryFor;
  }

  /** How long the text of one answer may gather before it is worth a write, ms. The busier the database, the more words share
   * a write, a round of reading and a packet to the client. */
  get gatherMs(): number {
    return Math.min(LONGEST_REST_MS, GATHER * this.#flushMs);
  }

  /** Resolves when the events are durable. One append of a run at a time.
   * @param take gives them, asked once, when they are written: what happens until then goes with them
   * @throws LeaseLostError */
  append(tenant: Tenant, take: () => Append): Promise<void> {
    const lane = this.#lane(tenant);
    return new Promise((resolve, reject) => {
      lane.waiting.push({ take, resolve, reject });
      // Writes of many runs, one after another: they belong to none of them.
      outsideOfWork(() => this.#pump(lane));
    });
  }

  #lane(tenant: Tenant): Lane {
    const known = this.#lanes.get(tenant.id);
    if (known) return known;
    const lane: Lane = { tenant, waiting: [], busy: false, underWay: 0 };
    this.#lanes.set(tenant.id, lane);
    return lane;
  }

  #pump(lane: Lane): void {
    if (lane.busy || lane.underWay >= MOST_UNDER_WAY) return;
    if (lane.waiting.length === 0) {
      if (lane.underWay === 0) this.#lanes.delete(lane.tenant.id);
      return;
    }
    const batch = taken(lane.waiting.splice(0, RUNS_PER_FLUSH));
    lane.busy = true;
    lane.underWay += 1;
    const flushed = this.#flush(lane.tenant, batch).finally(() => {
      lane.underWay -= 1;
      this.#pump(lane);
    });
    const patience = setTimeout(PATIENCE_MS, undefined, { ref: false });
    void Promise.race([rested(flushed, lane), patience]).then(() => {
      lane.busy = false;
      this.#pump(lane);
    });
  }

  async #flush(tenant: Tenant, batch: readonly Taken[]): Promise<void> {
    const stopTimer = this.#metrics.eventFlush.startTimer();
    const began = performance.now();
    try {
      const appends = batch.map(({ append }) => append);
      const written = await this.#write(tenant, appends);
      this.#flushMs += LAST_FLUSH * (performance.now() - began - this.#flushMs);
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
        const [, rows] = await queryTenant<[unknown, { id: string }]>(
          this.#database,
          tenant,
          findByKeys,
          appendEvents(appends),
        );
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

/** `busy`: it writes, or rests from that. */
type Lane = { tenant: Tenant; waiting: Waiting[]; busy: boolean; underWay: number };

async function rested(flushed: Promise<void>, lane: Lane): Promise<void> {
  const began = performance.now();
  await flushed;
  // Who found no place in it waits no longer than for the next.
  if (lane.waiting.length >= RUNS_PER_FLUSH) return;
  await setTimeout(Math.min(LONGEST_REST_MS, REST * (performance.now() - began)));
}

/** With what each of them gives now. Who can't give it has no part in the flush of the others. */
function taken(waiting: readonly Waiting[]): Taken[] {
  return waiting.flatMap(({ take, resolve, reject }) => {
    try {
      return [{ append: take(), resolve, reject }];
    } catch (error) {
      reject(error);
      return [];
    }
  });
}
