import { around } from '../../ai/around.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { ReplicaReads } from '../../platform/database/replica.ts';
import type { Outbox } from '../../platform/mail/outbox.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';
import type { Tenant } from '../tenancy/index.ts';
import { type BudgetService, createBudgetService } from './budget/budget.service.ts';
import { BudgetAlerts } from './budget/budget-alerts.ts';
import { Ledger } from './ledger/ledger.ts';
import type { Alert } from './ledger/ledger.types.ts';
import { AbandonedCalls } from './metering/abandoned-calls.ts';
import { Cashier } from './metering/cashier.ts';
import type { Meter } from './metering/meter.ts';
import { meteredEmbedder } from './metering/metered-embedder.ts';
import { meteredModel } from './metering/metered-model.ts';
import type { RunTrace } from './metering/run-trace.ts';
import { type ModelPrice, type Nanos, usdOf } from './prices/price.ts';
import { type PriceTable, priceTable } from './prices/price-table.ts';
import { shippedPrices } from './prices/shipped-prices.ts';
import { createUsageReports, type UsageReports } from './report/usage-report.service.ts';

export type UsageDependencies = {
  database: Database;
  /** For reports. */
  reads: Pick<ReplicaReads, 'read'>;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  /** What a tenant may spend a day unless its operator says otherwise; null: no such limit. */
  installationLimit: Nanos | null;
  /** The operator's prices; they come before the shipped ones. */
  prices: readonly ModelPrice[];
  allowsUnpriced(tenant: Tenant): boolean | Promise<boolean>;
  /** Output of a call that names no bound of its own, tokens. */
  mostOutputTokens: number;
  /** What the event log of a run shows; null when there is no such run. */
  readTrace(tenantId: string, runId: string): Promise<RunTrace | null>;
  /** By which a tenant's admins are told of shares of budgets that are used up; null: no mail is sent. */
  outbox: Outbox | null;
};

export type Usage = {
  database: Database;
  meter: Meter;
  budgets: BudgetService;
  reports: UsageReports;
  prices: PriceTable;
  ledger: Ledger;
  abandoned: AbandonedCalls;
  alerts: BudgetAlerts;
  /** Begins to look for calls of processes that died. */
  start(): Promise<void>;
  /** Ends that, and waits for what is being booked. Before the database closes. */
  stop(): Promise<void>;
};

/** The built-in model runs in this process, so that there is nothing to pay and nothing to record. */
const FREE = 'extractive';
const SWEEP_MS = 60_000;

export function createUsage(deps: UsageDependencies): Usage {
  const { database, clock, log, metrics, installationLimit, allowsUnpriced, mostOutputTokens, readTrace } = deps;
  const prices = priceTable(deps.prices, shippedPrices);
  const alerts = new BudgetAlerts(deps);
  const ledger = new Ledger({ database, clock, log, metrics, installationLimit, onAlert: alerting(deps, alerts) });
  const cashier = new Cashier({ ledger, prices, clock, log, metrics, allowsUnpriced });
  const abandoned = new AbandonedCalls({ database, ledger, clock, log, readTrace });
  const sweep = (options?: { alone: boolean }) => {
    // What a process that died had noted, and told nobody.
    alerts.tell();
    return abandoned
      .sweep(options)
      .catch((error: unknown) => log.warn({ err: error }, 'the sweep of open calls failed'));
  };
  let timer: NodeJS.Timeout | null = null;
  return {
    database,
    budgets: createBudgetService({ database, clock, installationLimit }),
    reports: createUsageReports({ reads: deps.reads, clock }),
    meter: {
      model: (model, call) =>
        around(model, (one) => (one.id === FREE ? one : meteredModel(one, call, cashier, mostOutputTokens))),
      settleRun: (runId, trace) => abandoned.settleRun(runId, trace),
      embedder: (embedder, call) => around(embedder, (one) => meteredEmbedder(one, call, cashier)),
    },
    prices,
    ledger,
    abandoned,
    alerts,
    start: async () => {
      // The embedded database is locked by this process: what is open in it is of a process that is gone.
      await sweep({ alone: database.kind === 'embedded' });
      timer = setInterval(() => void sweep(), SWEEP_MS).unref();
    },
    stop: async () => {
      if (timer) clearInterval(timer);
      await ledger.drained();
      await alerts.told();
    },
  };
}

function alerting({ log, metrics }: UsageDependencies, alerts: BudgetAlerts): (alert: Alert) => void {
  return (alert) => {
    const { scope, period, percent, limit, hard, tenantId, subjectId } = alert;
    metrics.budgetAlerts.inc({ scope, period, percent: String(percent) });
    const shown = { tenant_id: tenantId, scope, subject_id: subjectId, period, percent, limit_usd: usdOf(limit), hard };
    log.warn(shown, percent >= 100 ? 'a budget is used up' : 'a budget is nearly used up');
    alerts.tell();
  };
}
