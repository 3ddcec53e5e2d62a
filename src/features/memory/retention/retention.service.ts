import { setTimeout as delay } from 'node:timers/promises';
import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import { violatesUnique } from '../../../platform/database/failures.ts';
import { decodeCursor, type PageQuery, pageOf } from '../../../platform/http/pagination.ts';
import { newId } from '../../../platform/id.ts';
import type { JobDefinition, Queue } from '../../../platform/queue/queue.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import type { Principal } from '../../identity/index.ts';
import { actBy, inTenant, recordAct, type Tenant } from '../../tenancy/index.ts';
import { memoryErrors } from '../memory.errors.ts';
import { dropSteps } from './plan.store.ts';
import {
  type NewRule,
  type PolicyChange,
  RETENTION_ACTIONS,
  type RetentionAction,
  type RetentionPolicy,
  type RetentionRule,
  type RetentionRun,
  type RuleChange,
  type RunRequest,
} from './retention.schema.ts';
import * as store from './retention.store.ts';
import { assertConditions, DEFAULT_POLICY, effectivePolicy } from './retention-policy.ts';
import { planRun, type RetentionRunDependencies, takeAllSteps } from './retention-run.ts';
import { policyView, ruleView, runView } from './retention-view.ts';

export type RetentionDependencies = RetentionRunDependencies & {
  queue: Pick<Queue, 'enqueue'>;
  log: Logger;
  /** Every tenant that is served. */
  listTenants(): Promise<readonly Tenant[]>;
  /** When due policies and rules are applied: five fields, UTC. */
  schedule: string;
};

export type Retention = ReturnType<typeof createRetention>;

type Payload = { tenant: Tenant; runId: string };
const RUN_JOB = { name: 'memory.retain' } as const;
const DUE_JOB = { name: 'memory.retain-due' } as const;

/** How long a request waits for its run's end before it is answered with a run that goes on, ms. */
const WAIT_MS = 8_000;
const WAIT_STEP_MS = 100;
const DEFAULT_PRIORITY = 100;

export function createRetention(deps: RetentionDependencies) {
  const { database, clock, queue, log } = deps;

  const enqueueRun = (trx: TenantTransaction, { id, slug }: Tenant, runId: string) =>
    queue.enqueue(trx, RUN_JOB, { tenant: { id, slug }, runId }, { singletonKey: runId });

  /** @throws ApiError ERR_MEMORY_020 while another run of the tenant is under way */
  async function begin(
    tenant: Tenant,
    run: { cause: 'schedule' | 'request'; userId: string | null; actions: readonly RetentionAction[]; dryRun: boolean },
    record: (trx: Parameters<Parameters<Database['scoped']>[1]>[0], id: string) => Promise<void>,
  ): Promise<store.RunRow> {
    const id = newId();
    const now = clock.now();
    try {
      return await inTenant(database, tenant, async (trx) => {
        const { cause, userId: started_by, dryRun: dry_run, actions } = run;
        await store.insertRun(trx, { id, cause, started_by, dry_run, actions: [...actions], created_at: now });
        const scope = cause === 'schedule' ? 'scheduled' : 'all';
        const planned = await planRun(trx, { id, actions, scope }, now);
        if (dry_run) {
          await dropSteps(trx, id);
          await store.endRun(trx, id, { status: 'completed', error: null, at: clock.now() });
        } else {
          const applied = planned.rules.flatMap(({ rule_id }) => rule_id ?? []);
          await store.markApplied(trx, applied, now);
          await enqueueRun(trx, tenant, id);
          await record(trx, id);
        }
        return (await store.findRun(trx, id)) as store.RunRow;
      });
    } catch (error) {
      if (!violatesUnique(error, 'retention_run_one_at_a_time')) throw error;
      const other = await inTenant(database, tenant, (trx) => store.findRunUnderWay(trx));
      throw memoryErrors.retentionUnderWay(undefined, { extensions: { run_id: other?.id ?? null } });
    }
  }

  /** Takes the steps and says how it ended. A failed try leaves the run as it is, for the next one to go on with. */
  async function work({ tenant, runId }: Payload, signal: AbortSignal): Promise<void> {
    const run = await inTenant(database, tenant, (trx) => store.findRun(trx, runId));
    if (run?.status !== 'running') return;
    await takeAllSteps(deps, tenant, runId, signal);
    const end = { status: 'completed', error: null, at: clock.now() } as const;
    await inTenant(database, tenant, (trx) => store.endRun(trx, runId, end));
    log.info({ tenant: tenant.slug, retention_run: runId }, 'retention was applied');
  }

  async function runDue(signal: AbortSignal): Promise<void> {
    for (const tenant of await deps.listTenants()) {
      signal.throwIfAborted();
      try {
        if (!(await isDue(tenant))) continue;
        if (await goOn(tenant)) continue;
        const run = { cause: 'schedule', userId: null, actions: RETENTION_ACTIONS, dryRun: false } as const;
        await begin(tenant, run, async () => undefined);
      } catch (error) {
        // One tenant's trouble is no reason to let the others wait.
        log.error({ err: error, tenant: tenant.slug }, 'retention could not be begun');
      }
    }
  }

  /** A run whose job was lost, with a queue that was restored or after its last try, would hold up all others for ever. A job
   * that still waits is not added twice, and two that work on one run share its steps. */
  async function goOn({ id, slug }: Tenant): Promise<boolean> {
    return inTenant(database, { id, slug }, async (trx) => {
      const run = await store.findRunUnderWay(trx);
      if (run) await enqueueRun(trx, { id, slug }, run.id);
      return run !== undefined;
    });
  }

  async function isDue(tenant: Tenant): Promise<boolean> {
    return inTenant(database, tenant, async (trx) => {
      if (effectivePolicy(await store.findPolicy(trx)).enabled) return true;
      return (await store.listRules(trx, true)).length > 0;
    });
  }

  async function find(principal: Principal, id: string): Promise<store.RunRow> {
    const run = await inTenant(database, principal.tenant, (trx) => store.findRun(trx, id));
    if (!run) throw memoryErrors.retentionRunNotFound();
    return run;
  }

  const runJob: JobDefinition<Payload> = {
    ...RUN_JOB,
    retryLimit: 20,
    expireInSeconds: 6 * 3_600,
    concurrency: 1,
    handle: (payload, { signal }) => work(payload, signal),
  };
  const dueJob: JobDefinition<Record<string, never>> = {
    ...DUE_JOB,
    retryLimit: 3,
    expireInSeconds: 3_600,
    concurrency: 1,
    schedule: deps.schedule,
    handle: (_payload, { signal }) => runDue(signal),
  };

  return {
    jobs: [runJob, dueJob] as readonly JobDefinition<never>[],
    runDue,

    async policy({ tenant }: Principal): Promise<RetentionPolicy> {
      return policyView(await inTenant(database, tenant, (trx) => store.findPolicy(trx)));
    },

    async changePolicy(principal: Principal, change: PolicyChange): Promise<RetentionPolicy> {
      return inTenant(database, principal.tenant, async (trx) => {
        const { enabled, max_age_days, importance_threshold, max_items, delete_after_days } = {
          ...DEFAULT_POLICY,
          ...(await store.findPolicy(trx)),
          ...change,
        };
        const policy = { enabled, max_age_days, importance_threshold, max_items, delete_after_days };
        await store.savePolicy(trx, policy, { userId: principal.userId, at: clock.now() });
        await recordAct(trx, actBy(principal, { act: 'retention-policy.change', details: policy }));
        return policyView(await store.findPolicy(trx));
      });
    },

    async rules({ tenant }: Principal, enabledOnly: boolean): Promise<RetentionRule[]> {
      return (await inTenant(database, tenant, (trx) => store.listRules(trx, enabledOnly))).map(ruleView);
    },

    async rule({ tenant }: Principal, id: string): Promise<RetentionRule> {
      const row = await inTenant(database, tenant, (trx) => store.findRule(trx, id));
      if (!row) throw memoryErrors.retentionRuleNotFound();
      return ruleView(row);
    },

    async createRule(principal: Principal, { conditions = {}, ...rule }: NewRule): Promise<RetentionRule> {
      assertConditions(rule.rule_type, conditions);
      const id = newId();
      return inTenant(database, principal.tenant, async (trx) => {
        await store.insertRule(trx, {
          id,
          name: rule.name.trim(),
          description: rule.description ?? null,
          rule_type: rule.rule_type,
          conditions,
          action: rule.action,
          priority: rule.priority ?? DEFAULT_PRIORITY,
          enabled: rule.enabled ?? true,
          created_by: principal.userId,
          created_at: clock.now(),
        });
        const target = { kind: 'retention-rule', id };
        await recordAct(trx, actBy(principal, { act: 'retention-rule.create', target, details: { name: rule.name } }));
        return ruleView((await store.findRule(trx, id)) as store.RuleRow);
      });
    },

    async changeRule(principal: Principal, id: string, change: RuleChange): Promise<RetentionRule> {
      return inTenant(database, principal.tenant, async (trx) => {
        const current = await store.findRule(trx, id);
        if (!current) throw memoryErrors.retentionRuleNotFound();
        const next = { ...current, ...change, updated_at: clock.now() };
        assertConditions(next.rule_type, next.conditions);
        await store.updateRule(trx, next);
        const target = { kind: 'retention-rule', id };
        await recordAct(trx, actBy(principal, { act: 'retention-rule.change', target, details: { name: next.name } }));
        return ruleView((await store.findRule(trx, id)) as store.RuleRow);
      });
    },

    async deleteRule(principal: Principal, id: string): Promise<void> {
      await inTenant(database, principal.tenant, async (trx) => {
        if (!(await store.deleteRule(trx, id))) throw memoryErrors.retentionRuleNotFound();
        const target = { kind: 'retention-rule', id };
        await recordAct(trx, actBy(principal, { act: 'retention-rule.delete', target }));
      });
    },

    /** Plans a run and, unless it is dry, has a job do it. Returns how it stands after some seconds at most. */
    async run(principal: Principal, request: RunRequest, signal: AbortSignal): Promise<RetentionRun> {
      const { actions = RETENTION_ACTIONS, dry_run: dryRun = false } = request;
      const { tenant, userId } = principal;
      let row = await begin(tenant, { cause: 'request', userId, actions, dryRun }, async (trx, id) => {
        const target = { kind: 'retention-run', id };
        await recordAct(trx, actBy(principal, { act: 'retention.run', target, details: { actions: [...actions] } }));
      });
      const deadline = performance.now() + WAIT_MS;
      while (row.status === 'running' && performance.now() < deadline) {
        await delay(WAIT_STEP_MS, undefined, { signal });
        row = await find(principal, row.id);
      }
      return runView(row);
    },

    async get(principal: Principal, id: string): Promise<RetentionRun> {
      return runView(await find(principal, id));
    },

    async list({ tenant }: Principal, { limit = 20, cursor }: PageQuery) {
      const key = cursor === undefined ? null : decodeCursor(cursor, ['time', 'id'] as const);
      const before = key === null ? null : { createdAt: key[0], id: key[1] };
      const rows = await inTenant(database, tenant, (trx) => store.listRuns(trx, { before, limit: limit + 1 }));
      return pageOf(rows, limit, runView, ({ created_at, id }) => [created_at.toISOString(), id]);
    },
  };
}
