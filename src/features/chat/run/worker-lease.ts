import { hostname } from 'node:os';
import type { Database } from '../../../platform/database/database.ts';
import { breaksReference } from '../../../platform/database/failures.ts';
import { newId } from '../../../platform/id.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import { adoptRuns, type RunRow } from './run.store.ts';
import {
  claimDeadWorker,
  endLease,
  listOtherWorkers,
  listWorkerTenants,
  noteWorkerTenant,
  registerWorker,
  removeWorker,
  renewLease,
} from './worker.store.ts';

export type LeaseTimes = {
  /** How long a worker that is not heard of keeps its runs, ms. */
  lease: number;
  /** How often it is heard of, ms. */
  heartbeat: number;
  /** How often it looks for dead ones, ms. */
  sweep: number;
  /** How long events are held while the database is away: longer than its restart, shorter than a client's patience, ms. */
  writeRetry: number;
};

/** Four heartbeats fit into a lease, so that one which is late costs nothing. */
export function leaseTimesOf(lease: number): LeaseTimes {
  return { lease, heartbeat: lease / 4, sweep: lease / 5, writeRetry: 20_000 };
}

export const DEFAULT_LEASE_TIMES = leaseTimesOf(10_000);

export type Adopted = { tenant: Tenant; run: RunRow };

export type LeaseEvents = {
  /** The worker was taken for dead: everything it holds must be dropped before this returns. */
  onLost(): void;
  onAdopted(adopted: Adopted): void;
  /** The database answers and the lease holds. */
  onRenewed(): void;
};

/**
 * This process as a holder of runs. It is one row with a lease; each of its runs names it. A process whose lease has
 * ended has its runs taken over by any other, which raises their attempt, so that the old one can write no more.
 */
export class WorkerLease {
  #id = newId();
  readonly #database: Database;
  readonly #times: LeaseTimes;
  readonly #log: Logger;
  readonly #events: LeaseEvents;
  #tenants = new Map<string, { tenant: Tenant; noted: Promise<void> }>();
  #heart: NodeJS.Timeout | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  /** The other workers as they were last seen, and since when they are unchanged. */
  #others = new Map<string, { leaseUntil: string; since: number }>();
  /** When this worker was last heard of, and until when it takes nobody for dead after a gap in that, by its own clock. */
  #heard = performance.now();
  #patientUntil = 0;

  constructor(database: Database, times: LeaseTimes, log: Logger, events: LeaseEvents) {
    this.#database = database;
    this.#times = times;
    this.#log = log;
    this.#events = events;
  }

  get id(): string {
    return this.#id;
  }

  /** Whether another process was there at the last look, up to `sweep` ms ago. */
  get hasOthers(): boolean {
    return this.#others.size > 0;
  }

  async start(): Promise<void> {
    await this.#register();
    await this.#sweep();
    this.#heart = this.#every(this.#times.heartbeat, () => this.#beat());
    this.#sweeper = this.#every(this.#times.sweep, () => this.#sweep());
  }

  /** Takes nothing over any more; what is held stays held. */
  async stopSweeping(): Promise<void> {
    clearInterval(this.#sweeper);
    await this.#sweeping.catch(() => undefined);
  }

  /** Ends the lease. Whoever sweeps next takes over what is still held, or was begun in this moment, and forgets this worker. */
  async abandon(): Promise<void> {
    clearInterval(this.#heart);
    await this.stopSweeping();
    await endLease(this.#database.db, this.#id);
  }

  /** Must be awaited before the first run in a tenant, so that a takeover finds it. */
  enter(tenant: Tenant): Promise<void> {
    const known = this.#tenants.get(tenant.id);
    if (known) return known.noted;
    const noted = noteWorkerTenant(this.#database.db, this.#id, tenant).catch(async (error: unknown) => {
      if (!breaksReference(error)) throw error;
      // Taken for dead and removed since its last heartbeat: it starts again now, not with the next one.
      await this.#beat();
      await noteWorkerTenant(this.#database.db, this.#id, tenant);
    });
    this.#tenants.set(tenant.id, { tenant, noted });
    noted.catch(() => this.#tenants.delete(tenant.id));
    return noted;
  }

  async #register(): Promise<void> {
    await registerWorker(this.#database.db, { id: this.#id, host: hostname(), leaseMs: this.#times.lease });
    this.#heard = performance.now();
  }

  /** How long a gap in being heard of has to be for the leases of others to have ended in it. */
  get #longGap(): number {
    return this.#times.lease - this.#times.heartbeat;
  }

  /** After a long gap the database was away, or this process stood still: the others could be heard of as little, and are
   * given the time to be. */
  #noteHeard(): void {
    const now = performance.now();
    if (now - this.#heard > this.#longGap) {
      this.#patientUntil = now + this.#longGap;
      for (const other of this.#others.values()) other.since = now;
    }
    this.#heard = now;
  }

  /** Whether what is read of the others' leases says that they are dead, and not that nobody could renew them. */
  get #canJudge(): boolean {
    const now = performance.now();
    return now - this.#heard <= this.#longGap && now >= this.#patientUntil;
  }

  #every(ms: number, work: () => Promise<void>): NodeJS.Timeout {
    let busy = false;
    const timer = setInterval(() => {
      if (busy) return;
      busy = true;
      work()
        .catch((error: unknown) => this.#log.warn({ err: error }, 'a worker duty failed; it is tried again'))
        .finally(() => {
          busy = false;
        });
    }, ms);
    return timer.unref();
  }

  async #beat(): Promise<void> {
    if (await renewLease(this.#database.db, this.#id, this.#times.lease)) {
      this.#noteHeard();
      return this.#events.onRenewed();
    }
    this.#noteHeard();
    this.#log.error({ worker_id: this.#id }, 'this worker was taken for dead; it drops its runs and starts again');
    this.#events.onLost();
    const [former, tenants] = [this.#id, [...this.#tenants.values()].map(({ tenant }) => tenant)];
    this.#id = newId();
    this.#tenants = new Map();
    await this.#register();
    // What it began after it had been taken for dead is nobody's: nobody else would find it.
    await this.#adoptAll(former, tenants);
  }

  /** Takes a run that this worker still holds, or that a worker left that is gone, with a new attempt. Undefined: it has
   * ended, or is another's by now. */
  async reclaim(tenant: Tenant, runId: string, owner = this.#id): Promise<RunRow | undefined> {
    await this.enter(tenant);
    const [run] = await inTenant(this.#database, tenant, (trx) => adoptRuns(trx, owner, this.#id, runId));
    return run;
  }

  #sweep(): Promise<void> {
    this.#sweeping = this.#sweepDead();
    return this.#sweeping;
  }

  async #sweepDead(): Promise<void> {
    // The embedded database is locked by this process: any other worker in it is dead, however fresh its lease looks.
    const others = this.#database.kind === 'embedded';
    for (;;) {
      const options = { leaseMs: this.#times.lease, others, silent: await this.#silentWorkers() };
      if (!others && !this.#canJudge) return;
      const dead = await claimDeadWorker(this.#database.db, this.#id, options);
      if (dead === null) return;
      const tenants = await listWorkerTenants(this.#database.db, dead);
      if (!(await this.#adoptAll(dead, tenants))) return;
      await removeWorker(this.#database.db, dead);
    }
  }

  /** Workers that have not been heard of for the length of a lease by this process's own clock: where the database's clock
   * was set back, their leases end too late by its measure. */
  async #silentWorkers(): Promise<{ id: string; leaseUntil: string }[]> {
    const now = performance.now();
    const seen = await listOtherWorkers(this.#database.db, this.#id);
    const known = this.#others;
    this.#others = new Map(
      seen.map(({ id, leaseUntil }) => {
        const before = known.get(id);
        return [id, before?.leaseUntil === leaseUntil ? before : { leaseUntil, since: now }];
      }),
    );
    const silence = this.#times.lease + this.#times.heartbeat;
    return seen.filter(({ id }) => now - (this.#others.get(id)?.since ?? now) > silence);
  }

  /** False when a tenant's runs could not be taken over; the others' are, and the dead worker stays to be tried again. */
  async #adoptAll(dead: string, tenants: readonly Tenant[]): Promise<boolean> {
    let complete = true;
    for (const tenant of tenants) {
      try {
        await this.#adoptIn(tenant, dead);
      } catch (error) {
        complete = false;
        this.#log.error(
          { err: error, tenant: tenant.slug, former: dead },
          'runs of a dead worker could not be taken over',
        );
      }
    }
    return complete;
  }

  async #adoptIn(tenant: Tenant, dead: string): Promise<void> {
    await this.enter(tenant);
    const runs = await inTenant(this.#database, tenant, (trx) => adoptRuns(trx, dead, this.#id));
    for (const run of runs) {
      this.#log.warn({ run_id: run.id, attempt: run.attempt, former: dead }, 'took a run over from a dead worker');
      this.#events.onAdopted({ tenant, run });
    }
  }
}
