import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import type { ObjectStorage } from '../../../platform/storage/object-storage.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import { type Forgetting, inTenant, type Target, type Tenant } from '../../tenancy/index.ts';
import { deleteMemories, numbersOf } from '../remember/deletion.store.ts';
import { keepCold } from './cold-storage.ts';
import { createPace } from './pace.ts';
import * as plan from './plan.store.ts';
import type { RetentionAction } from './retention.schema.ts';
import * as store from './retention.store.ts';
import { effectivePolicy } from './retention-policy.ts';

export type RetentionRunDependencies = {
  database: Database;
  clock: Clock;
  metrics: Metrics;
  coldStorage: ObjectStorage;
  forgetting: Pick<Forgetting, 'entomb'>;
  /** Called after a commit that changed what the tenant's searches find. */
  changed(tenant: Tenant): void;
};

/** In this order: what can be undone comes first. */
const ORDER: readonly RetentionAction[] = ['archive', 'move_to_cold_storage', 'delete'];

/**
 * Finds out what a run has to do: rules by their priority, then the policy. A memory gets one step a run, the first that
 * applies; so the counts of the plan are those of the run, as long as nothing else changes.
 */
export async function planRun(
  trx: TenantTransaction,
  run: { id: string; actions: readonly RetentionAction[]; scope: 'all' | 'scheduled' },
  now: Date,
): Promise<store.Planned> {
  const rules: store.PlannedRule[] = [];
  for (const rule of await store.listRules(trx, true)) {
    if (!run.actions.includes(rule.action)) continue;
    const selection = { runId: run.id, ruleId: rule.id, action: rule.action, reason: rule.name };
    const memories = await plan.planRule(trx, selection, { type: rule.rule_type, conditions: rule.conditions }, now);
    rules.push({ rule_id: rule.id, name: rule.name, action: rule.action, memories });
  }
  const policy = effectivePolicy(await store.findPolicy(trx));
  // By itself it is applied only where an admin turned it on; whoever asks for a run asks for it, too.
  if (policy.enabled || run.scope === 'all') rules.push(...(await planPolicy(trx, run, policy, now)));
  if (rules.some(({ memories }) => memories > 0)) await plan.countSteps(trx);
  const planned = { rules };
  await store.savePlan(trx, run.id, planned);
  return planned;
}

async function planPolicy(
  trx: TenantTransaction,
  run: { id: string; actions: readonly RetentionAction[] },
  policy: Omit<store.PolicyRow, 'updated_at'>,
  now: Date,
): Promise<store.PlannedRule[]> {
  const planned: store.PlannedRule[] = [];
  const selection = { runId: run.id, ruleId: null, reason: 'policy' };
  if (run.actions.includes('archive')) {
    const limits = {
      maxAgeDays: policy.max_age_days,
      importanceThreshold: policy.importance_threshold,
      maxItems: policy.max_items,
    };
    const memories = await plan.planPolicyArchive(trx, { ...selection, action: 'archive' }, limits, now);
    planned.push({ rule_id: null, name: 'policy', action: 'archive', memories });
  }
  if (run.actions.includes('delete') && policy.delete_after_days !== null) {
    const memories = await plan.planPolicyDelete(
      trx,
      { ...selection, action: 'delete' },
      policy.delete_after_days,
      now,
    );
    planned.push({ rule_id: null, name: 'policy', action: 'delete', memories });
  }
  return planned;
}

/** Takes every step of a run, in batches. Begun again after a crash it goes on with the steps that are left. */
export async function takeAllSteps(
  deps: RetentionRunDependencies,
  tenant: Tenant,
  runId: string,
  signal: AbortSignal,
): Promise<void> {
  const pace = createPace();
  for (const action of ORDER) {
    for (let after = 0; ; ) {
      signal.throwIfAborted();
      const began = performance.now();
      // Behind the last: what was taken is dead, and still in the way.
      const page = { after, limit: pace.size() };
      const steps = await inTenant(deps.database, tenant, (trx) => plan.nextSteps(trx, runId, action, page));
      const last = steps.at(-1);
      if (!last) break;
      after = last.memory_number;
      const done = await takeSome(deps, tenant, { runId, action, steps });
      deps.metrics.memoriesRetained.inc({ action }, done);
      deps.changed(tenant);
      await delay(pace.restAfter(performance.now() - began), undefined, { signal });
    }
  }
}

type Batch = { runId: string; action: RetentionAction; steps: readonly plan.Step[] };

async function takeSome(deps: RetentionRunDependencies, tenant: Tenant, batch: Batch): Promise<number> {
  const { runId, action, steps } = batch;
  const ids = steps.flatMap(({ id }) => id ?? []);
  // Nothing outside of the database happens inside a transaction: what goes to cold storage is there before it is deleted.
  if (action === 'move_to_cold_storage' && ids.length > 0) {
    const memories = await inTenant(deps.database, tenant, (trx) => plan.readWhole(trx, ids));
    await keepCold(deps.coldStorage, tenant, { runId, first: steps[0]?.memory_number ?? 0, memories });
  }
  return inTenant(deps.database, tenant, async (trx) => {
    const numbers = steps.map(({ memory_number }) => memory_number);
    const taken = await plan.takeSteps(trx, runId, numbers);
    const own = steps.filter(({ memory_number }) => taken.has(memory_number));
    const kind = action === 'delete' ? 'memory' : 'moved-memory';
    const done =
      action === 'archive'
        ? await archive(trx, own, deps.clock.now())
        : await remove(deps, trx, tenant, { kind, ids: own.flatMap(({ id }) => id ?? []) });
    await store.countDone(trx, runId, action, done);
    return done;
  });
}

async function archive(trx: TenantTransaction, steps: readonly plan.Step[], at: Date): Promise<number> {
  let archived = 0;
  for (const [reason, some] of Map.groupBy(steps, (step) => step.reason)) {
    const ids = some.flatMap(({ id }) => id ?? []);
    archived += await plan.archiveMemories(trx, ids, { reason, at });
  }
  return archived;
}

async function remove(
  { forgetting }: RetentionRunDependencies,
  trx: TenantTransaction,
  tenant: Tenant,
  target: Target,
): Promise<number> {
  const numbers = await numbersOf(trx, target.ids);
  if (numbers.length === 0) return 0;
  await deleteMemories(trx, numbers);
  await forgetting.entomb(trx, tenant, target);
  return target.ids.length;
}
