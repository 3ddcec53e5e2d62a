import type { Clock } from '../../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import { newId } from '../../../platform/id.ts';
import type { JobDefinition, Queue } from '../../../platform/queue/queue.ts';
import type { ObjectStorage } from '../../../platform/storage/object-storage.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import { actBy } from '../audit/act.ts';
import { recordAct } from '../audit/audit.service.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { inTenant } from '../tenancy.service.ts';
import type { Tenant } from '../tenant.ts';
import {
  added,
  type Counts,
  type Forgetter,
  type ForgettingPrincipal,
  type ForgottenTarget,
  isOfPerson,
  type Target,
  type TargetKind,
  totalOf,
} from './forgetter.ts';
import * as store from './forgetting.store.ts';
import { createForgettingSeal, type ForgettingSeal, keptBeside } from './forgetting-receipt.ts';
import { createJournal, type Journal } from './journal.ts';

export type Forgetting = Journal & {
  /** What there is of a target: what forgetting it would count. Changes nothing. */
  plan(principal: ForgettingPrincipal, kind: TargetKind, id: string): Promise<Counts>;
  /** Begins to forget, for good; a job does it. @throws what refuses the principal */
  begin(principal: ForgettingPrincipal, kind: TargetKind, id: string): Promise<store.ForgettingRow>;
  /**
   * Forgets in the caller's transaction: no search finds any of it when that commits. Files and traces elsewhere go by a
   * job, which signs the receipt. The caller has made sure that `by` may. Returns what is gone.
   */
  forgetWithin(
    trx: TenantTransaction,
    tenant: Tenant,
    target: { kind: TargetKind; id: string },
    by: string | null,
  ): Promise<{ id: string; done: Counts }>;
  /** As `forgetWithin`, for what the caller has deleted itself in this transaction: a job does the rest. */
  finishWithin(
    trx: TenantTransaction,
    tenant: Tenant,
    target: { kind: TargetKind; id: string },
    by: string | null,
    deleted: { counts: Counts; memoryIds: readonly string[] },
  ): Promise<void>;
  /** For who asked for it alone. @throws ApiError ERR_TENANT_010, ERR_TENANT_011 */
  get(principal: ForgettingPrincipal, id: string): Promise<store.ForgettingRow>;
  /** Those that the principal asked for, newest first. */
  list(
    principal: ForgettingPrincipal,
    page: { limit: number; before: string | null },
  ): Promise<readonly store.ForgettingRow[]>;
  readonly seal: Pick<ForgettingSeal, 'isGenuine'>;
  /** Brings to an end whatever was begun, here and now; a job does the same. */
  finish(tenant: Tenant, signal: AbortSignal): Promise<void>;
  /** Begins to hear of what other processes forgot. */
  listen(onForgotten: (tenantId: string) => void): Promise<void>;
};

export type ForgettingDependencies = {
  database: Database;
  queue: Pick<Queue, 'enqueue'>;
  clock: Clock;
  metrics: Metrics;
  secretKey: string;
  /** The journal: outside of the database, and of its backups. */
  storage: ObjectStorage;
  /** What each feature knows about forgetting, in the order in which they are asked. */
  forgetters(): readonly Forgetter[];
  removeFiles(tenant: Tenant, signal: AbortSignal): Promise<void>;
};

type Payload = { tenant: Tenant };
const JOB = { name: 'tenancy.forget' } as const;
/** Rows of one transaction: some tens of milliseconds. */
const BATCH = 200;
/** Rows that were deleted by address are gone; what else is of them waits so long for others, seconds. */
const PAUSE_SECONDS = 2;
/** Forgettings that share one look through files and events. */
const TOGETHER = 500;
const ADMINS: readonly ForgettingPrincipal['role'][] = ['admin', 'owner'];

export function createForgetting(deps: ForgettingDependencies): Forgetting {
  const { database, queue, clock } = deps;
  const seal = createForgettingSeal(deps.secretKey);
  const journal = createJournal({ ...deps, apply: applyTarget });

  async function countOf(trx: TenantTransaction, target: Target): Promise<Record<string, number>> {
    const counts: Counts[] = [];
    for (const forgetter of deps.forgetters()) counts.push(await forgetter.count(trx, target));
    return added(...counts);
  }

  /** One step of the first feature that has something left. */
  async function stepOf(trx: TenantTransaction, tenant: Tenant, target: Target) {
    for (const forgetter of deps.forgetters()) {
      const step = await forgetter.forget(trx, tenant, target, BATCH);
      if (totalOf(step.counts) > 0) return step;
    }
    return null;
  }

  async function assertMay(trx: TenantTransaction, principal: ForgettingPrincipal, kind: TargetKind, id: string) {
    if (isOfPerson(kind)) {
      const userId = id.slice(0, 36);
      if (userId === principal.userId || ADMINS.includes(principal.role)) return;
      throw tenancyErrors.mayNotForget();
    }
    for (const { refusals } of deps.forgetters()) await refusals?.[kind]?.(trx, principal, id);
  }

  async function insert(
    trx: TenantTransaction,
    tenant: Tenant,
    target: { kind: TargetKind; id: string },
    by: string | null,
    pause: number,
    known?: Counts,
  ) {
    const { kind, id: of } = target;
    const planned = known ?? (await countOf(trx, { kind, ids: [of] }));
    const id = newId();
    await store.insertForgetting(trx, { id, kind, target: of, by, planned, at: clock.now() });
    await journal.entomb(trx, tenant, { kind, ids: [of] });
    const { id: tenantId, slug } = tenant;
    const options = pause === 0 ? { singletonKey: slug } : { singletonKey: `${slug} later`, startAfter: pause };
    await queue.enqueue(trx, JOB, { tenant: { id: tenantId, slug } }, options);
    return id;
  }

  /** Forgets the rows of one, batch by batch; what a batch did is noted with it. */
  async function forgetRows(tenant: Tenant, id: string, signal: AbortSignal): Promise<void> {
    for (let left = true; left; ) {
      signal.throwIfAborted();
      left = await inTenant(database, tenant, async (trx) => {
        const row = await store.lockRunning(trx, id);
        const step = row && (await stepOf(trx, tenant, { kind: row.kind, ids: [row.target] }));
        if (!row || !step) return false;
        await store.saveStep(trx, id, { done: added(row.done, step.counts), memoryIds: step.memoryIds ?? [] });
        return true;
      });
    }
  }

  async function sweep(tenant: Tenant, targets: readonly ForgottenTarget[], signal: AbortSignal): Promise<Counts> {
    const counts: Counts[] = [];
    for (const { finish } of deps.forgetters()) counts.push((await finish?.(tenant, targets, signal)) ?? {});
    // A user's id alone stands in jobs that have nothing to do with memory.
    const ids = targets.filter(({ kind }) => kind !== 'memories').flatMap((target) => target.ids);
    counts.push({ jobs: await store.deleteJobsOf(database.db, tenant, ids) });
    // Archives live for a day; only for a person do they go at once, or a busy tenant would never get to fetch one.
    const ofPeople = targets.filter(({ kind }) => isOfPerson(kind));
    if (ofPeople.length > 0) {
      const last = new Date(Math.max(...ofPeople.map(({ begunAt }) => begunAt.getTime())));
      counts.push({ exports: await store.deleteExportsBefore(database.db, tenant.id, last) });
    }
    await store.announceForgotten(database.db, tenant.id);
    return added(...counts);
  }

  async function complete(tenant: Tenant, id: string, swept: Counts, requests: number): Promise<void> {
    await inTenant(database, tenant, async (trx) => {
      const row = await store.lockRunning(trx, id);
      if (!row) return;
      const counts = requests === 1 ? added(row.done, swept) : row.done;
      const at = clock.now();
      const signed = seal.sign({
        id,
        tenant_id: tenant.id,
        kind: row.kind,
        target: row.target,
        requested_by: row.requested_by,
        requested_at: row.created_at.toISOString(),
        forgotten_at: at.toISOString(),
        counts,
        total: totalOf(counts),
        swept_together: requests === 1 ? null : { requests, counts: swept },
        kept: keptBeside(row.kind),
      });
      await store.complete(trx, id, { done: counts, at, ...signed });
      deps.metrics.forgettings.inc({ kind: row.kind });
    });
  }

  async function finish(tenant: Tenant, signal: AbortSignal): Promise<void> {
    for (let left = true; left; ) {
      const some = await inTenant(database, tenant, (trx) => store.listRunning(trx, TOGETHER));
      if (some.length === 0) return;
      for (const { id } of some) await forgetRows(tenant, id, signal);
      const rows = await inTenant(database, tenant, (trx) => store.listRunning(trx, TOGETHER));
      const mine = rows.filter(({ id }) => some.some((one) => one.id === id));
      const targets = mine.map(targetOf);
      const swept = targets.length === 0 ? {} : await sweep(tenant, targets, signal);
      for (const { id } of mine) await complete(tenant, id, swept, mine.length);
      left = some.length === TOGETHER;
    }
  }

  /** Of the journal: everything that goes by `forget`, for a target that no order stands for. */
  async function applyTarget(tenant: Tenant, target: Target, signal: AbortSignal): Promise<number> {
    const memoryIds: string[] = [];
    let total = 0;
    for (;;) {
      signal.throwIfAborted();
      const step = await inTenant(database, tenant, (trx) => stepOf(trx, tenant, target));
      if (!step) break;
      total += totalOf(step.counts);
      memoryIds.push(...(step.memoryIds ?? []));
    }
    const swept = await sweep(tenant, [{ ...target, memoryIds, begunAt: clock.now() }], signal);
    return total + totalOf(swept);
  }

  const job: JobDefinition<Payload> = {
    ...JOB,
    retryLimit: 50,
    expireInSeconds: 3_600,
    concurrency: 1,
    handle: ({ tenant }, { signal }) => finish(tenant, signal),
  };

  return {
    ...journal,
    jobs: [...journal.jobs, job] as readonly JobDefinition<never>[],
    seal,
    finish,
    plan: (principal, kind, id) =>
      inTenant(database, principal.tenant, async (trx) => {
        await assertMay(trx, principal, kind, id);
        return countOf(trx, { kind, ids: [id] });
      }),
    begin: async (principal, kind, id) => {
      const { tenant, userId } = principal;
      const row = await inTenant(database, tenant, async (trx) => {
        await assertMay(trx, principal, kind, id);
        return store.findForgetting(trx, await insert(trx, tenant, { kind, id }, userId, 0));
      });
      if (!row) throw tenancyErrors.forgettingNotFound();
      if (isOfPerson(kind)) {
        const act = actBy(principal, { act: 'forgetting.begin', target: { kind, id }, details: { id: row.id } });
        await database.transaction((trx) => recordAct(trx, act, clock.now()));
      }
      return row;
    },
    forgetWithin: async (trx, tenant, target, by) => {
      const id = await insert(trx, tenant, target, by, PAUSE_SECONDS);
      let done: Counts = {};
      for (;;) {
        const step = await stepOf(trx, tenant, { kind: target.kind, ids: [target.id] });
        if (!step) return { id, done };
        done = added(done, step.counts);
        await store.saveStep(trx, id, { done, memoryIds: step.memoryIds ?? [] });
      }
    },
    finishWithin: async (trx, tenant, target, by, { counts, memoryIds }) => {
      const id = await insert(trx, tenant, target, by, PAUSE_SECONDS, counts);
      await store.saveStep(trx, id, { done: counts, memoryIds });
    },
    get: async (principal, id) => {
      const row = await inTenant(database, principal.tenant, (trx) => store.findForgetting(trx, id));
      if (!row) throw tenancyErrors.forgettingNotFound();
      if (row.requested_by !== principal.userId) throw tenancyErrors.mayNotForget('Somebody else asked for this.');
      return row;
    },
    list: ({ tenant, userId: requestedBy }, page) =>
      inTenant(database, tenant, (trx) => store.listForgettings(trx, { ...page, requestedBy })),
    listen: async (onForgotten) => {
      await database.listen(store.FORGOTTEN_CHANNEL, onForgotten);
    },
  };
}

function targetOf(row: store.ForgettingRow): ForgottenTarget {
  return { kind: row.kind, ids: [row.target], memoryIds: row.memory_ids, begunAt: row.created_at };
}
