import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../../../platform/clock.ts';
import type { CompiledQuery, Database } from '../../../platform/database/database.ts';
import { isDatabaseAway } from '../../../platform/database/failures.ts';
import { findByKeys } from '../../../platform/database/find-by-keys.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import { outsideOfWork } from '../../../platform/telemetry/tracing.ts';
import type { Nanos } from '../prices/price.ts';
import {
  type AlertRow,
  lockAccounts,
  noteAlerts,
  noteRefusal,
  type RefusedRow,
  reserveCalls,
  settleCalls,
} from './ledger.store.ts';
import {
  type AccountKey,
  type Alert,
  accountsOf,
  type Refusal,
  type Reservation,
  type Settlement,
} from './ledger.types.ts';

export type LedgerDependencies = {
  database: Database;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  /** What a tenant may spend a day unless its operator says otherwise; null: no such limit. */
  installationLimit: Nanos | null;
  /** Told once of each share of a budget that is used up. Must not throw. */
  onAlert(alert: Alert): void;
  /** How long a booking is tried again while the database is away, ms. */
  retryFor?: number;
};

/** Shares of a budget whose use is told, in percent. */
export const ALERT_PERCENTS = [80, 100] as const;

type Reserving = { kind: 'reserve'; call: Reservation; resolve(refusal: Refusal | null): void };
type Settling = {
  kind: 'settle';
  settlement: Settlement;
  accounts: readonly AccountKey[];
  resolve(open: boolean): void;
};
type Operation = (Reserving | Settling) & { alone: boolean; reject(error: unknown): void };

/** Operations of one booking at most, so that its statements stay short. */
const MOST_AT_ONCE = 200;
const RETRY_DELAY_MS = 100;

/**
 * The money of all tenants. Calls reserve their highest price before they begin and settle the real one after their end;
 * what is reserved and spent never exceeds a hard budget, whatever runs at the same time and on how many replicas: each
 * booking locks the accounts that it touches. Bookings of one process gather while one is under way, so that many calls
 * cost few round trips, and a single one costs one.
 */
export class Ledger {
  readonly #deps: LedgerDependencies;
  #waiting: Operation[] = [];
  #booking: Promise<void> | null = null;

  constructor(deps: LedgerDependencies) {
    this.#deps = deps;
  }

  /** Null when the call may be made, else the budget that has no room for it. */
  reserve(call: Reservation): Promise<Refusal | null> {
    return new Promise((resolve, reject) => this.#add({ kind: 'reserve', call, alone: false, resolve, reject }));
  }

  /** False when somebody else has settled the call. Bookings come in the order in which they were asked for. */
  settle(
    call: Pick<Reservation, 'tenantId' | 'userId' | 'apiKeyId' | 'amount'>,
    settlement: Settlement,
  ): Promise<boolean> {
    // What costs nothing touches no account.
    const accounts = call.amount > 0 || settlement.cost > 0 ? accountsOf(call) : [];
    return new Promise((resolve, reject) =>
      this.#add({ kind: 'settle', settlement, accounts, alone: false, resolve, reject }),
    );
  }

  /** Resolves when all that was asked for is booked, or has failed. */
  async drained(): Promise<void> {
    while (this.#booking) await this.#booking;
  }

  #add(operation: Operation): void {
    this.#waiting.push(operation);
    this.#booking ??= outsideOfWork(() => this.#bookAll());
  }

  async #bookAll(): Promise<void> {
    // One turn of the event loop: calls that begin together are booked together.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#bookNext();
    this.#booking = null;
  }

  async #bookNext(): Promise<void> {
    const count = this.#waiting[0]?.alone ? 1 : this.#waiting.slice(0, MOST_AT_ONCE).findIndex(({ alone }) => alone);
    const batch = this.#waiting.splice(0, count === -1 ? MOST_AT_ONCE : count);
    const stopTimer = this.#deps.metrics.ledgerBooking.startTimer();
    try {
      await this.#book(batch);
    } catch (error) {
      if (batch.length === 1 || isDatabaseAway(error)) for (const { reject } of batch) reject(error);
      // One that cannot be booked must not take the others with it.
      else this.#again(batch);
    } finally {
      stopTimer();
    }
  }

  #again(operations: readonly Operation[]): void {
    this.#waiting.unshift(...operations.map((operation) => ({ ...operation, alone: true })));
  }

  async #book(batch: readonly Operation[]): Promise<void> {
    const reserving = batch.filter((one) => one.kind === 'reserve');
    const settling = batch.filter((one) => one.kind === 'settle');
    const booked = await this.#write(
      reserving.map(({ call }) => call),
      settling,
    );
    const refusals = new Map(booked.refused.map((row) => [row.place, row]));
    const again: Operation[] = [];
    for (const [place, operation] of reserving.entries()) {
      const refused = refusals.get(place);
      if (!refused) operation.resolve(null);
      else if (batch.length > 1) again.push(operation);
      else operation.resolve(await this.#refuse(operation.call, refused));
    }
    this.#again(again);
    const closed = new Set(booked.closed);
    for (const { settlement, resolve } of settling) resolve(closed.has(settlement.callId));
    for (const row of booked.alerts) this.#deps.onAlert(alertOf(row));
  }

  /** All statements of a booking in one round trip. It may be repeated: a commit whose answer was lost changes nothing. */
  async #write(reserving: readonly Reservation[], settling: readonly Settling[]) {
    const { database, clock, installationLimit } = this.#deps;
    const now = clock.now();
    const day = now.toISOString().slice(0, 10);
    const settledOn = settling.flatMap(({ accounts }) => accounts);
    const accounts = distinct([...reserving.filter(({ amount }) => amount > 0).flatMap(accountsOf), ...settledOn]);
    const settlements = settling.map(({ settlement }) => settlement);
    const queries: CompiledQuery[] = [
      findByKeys,
      ...(accounts.length > 0 ? [lockAccounts(accounts, day)] : []),
      ...(reserving.length > 0 ? [reserveCalls(reserving, { day, now, installationLimit })] : []),
      ...(settlements.length > 0 ? [settleCalls(settlements, now)] : []),
      ...(settledOn.length > 0 ? [noteAlerts(distinct(settledOn), installationLimit, ALERT_PERCENTS)] : []),
    ];
    const answers = await this.#retrying(() => database.queries(queries));
    answers.splice(0, accounts.length > 0 ? 2 : 1);
    return {
      refused: (reserving.length > 0 ? answers.shift() : []) as RefusedRow[],
      closed: ((settlements.length > 0 ? answers.shift() : []) as { call_id: string }[]).map(({ call_id }) => call_id),
      alerts: (answers.shift() ?? []) as AlertRow[],
    };
  }

  async #retrying(write: () => Promise<unknown[][]>): Promise<unknown[][]> {
    const deadline = performance.now() + (this.#deps.retryFor ?? 20_000);
    for (let tries = 1; ; tries += 1) {
      try {
        return await write();
      } catch (error) {
        if (!isDatabaseAway(error) || performance.now() > deadline) throw error;
        await setTimeout(RETRY_DELAY_MS * tries);
      }
    }
  }

  async #refuse({ tenantId }: Reservation, row: RefusedRow): Promise<Refusal> {
    const { database, log, onAlert } = this.#deps;
    const { scope, subject_id: subjectId, period, period_start: periodStart, amount: limit, spent, reserved } = row;
    const refusal = { scope, subjectId, period, periodStart, limit, spent, reserved };
    try {
      if (await noteRefusal(database.db, tenantId, refusal)) {
        onAlert({ tenantId, scope, subjectId, period, periodStart, limit, hard: true, percent: 100 });
      }
    } catch (error) {
      log.warn({ err: error }, 'a used-up budget could not be noted');
    }
    return refusal;
  }
}

function alertOf(row: AlertRow): Alert {
  const { tenant_id: tenantId, scope, subject_id: subjectId, period, period_start: periodStart } = row;
  return { tenantId, scope, subjectId, period, periodStart, limit: row.amount, hard: row.hard, percent: row.percent };
}

function distinct(keys: readonly AccountKey[]): AccountKey[] {
  return [...new Map(keys.map((key) => [`${key.tenantId} ${key.scope} ${key.subjectId}`, key])).values()];
}
