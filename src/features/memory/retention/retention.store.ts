import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { RetentionAction, RuleConditions, RuleType } from './retention.schema.ts';

/** SQL of policies, rules and the records of runs. */

export type PolicyRow = {
  enabled: boolean;
  max_age_days: number | null;
  importance_threshold: number | null;
  max_items: number | null;
  delete_after_days: number | null;
  updated_at: Date;
};

export async function findPolicy(trx: TenantTransaction): Promise<PolicyRow | undefined> {
  return trx
    .selectFrom('retention_policy')
    .select(['enabled', 'max_age_days', 'importance_threshold', 'max_items', 'delete_after_days', 'updated_at'])
    .executeTakeFirst();
}

export async function savePolicy(
  trx: TenantTransaction,
  policy: Omit<PolicyRow, 'updated_at'>,
  by: { userId: string; at: Date },
): Promise<void> {
  const row = { ...policy, updated_by: by.userId, updated_at: by.at };
  await trx
    .insertInto('retention_policy')
    .values({ singleton: true, ...row })
    .onConflict((conflict) => conflict.column('singleton').doUpdateSet(row))
    .execute();
}

export type RuleRow = {
  id: string;
  name: string;
  description: string | null;
  rule_type: RuleType;
  conditions: RuleConditions;
  action: RetentionAction;
  priority: number;
  enabled: boolean;
  last_applied_at: Date | null;
  created_at: Date;
  updated_at: Date;
};

const RULE = [
  'id',
  'name',
  'description',
  'rule_type',
  'conditions',
  'action',
  'priority',
  'enabled',
  'last_applied_at',
  'created_at',
  'updated_at',
] as const;

/** In the order in which they apply. */
export async function listRules(trx: TenantTransaction, enabledOnly: boolean): Promise<RuleRow[]> {
  let query = trx.selectFrom('retention_rule').select(RULE).orderBy('priority').orderBy('created_at').orderBy('id');
  if (enabledOnly) query = query.where('enabled', '=', true);
  return query.execute();
}

export async function findRule(trx: TenantTransaction, id: string): Promise<RuleRow | undefined> {
  return trx.selectFrom('retention_rule').select(RULE).where('id', '=', id).executeTakeFirst();
}

export async function insertRule(
  trx: TenantTransaction,
  { conditions, ...rule }: Omit<RuleRow, 'last_applied_at' | 'updated_at'> & { created_by: string },
): Promise<void> {
  await trx
    .insertInto('retention_rule')
    .values({ ...rule, conditions: JSON.stringify(conditions), last_applied_at: null, updated_at: rule.created_at })
    .execute();
}

export async function updateRule(trx: TenantTransaction, { conditions, ...rule }: RuleRow): Promise<void> {
  const { id, created_at: _, ...fields } = rule;
  await trx
    .updateTable('retention_rule')
    .set({ ...fields, conditions: JSON.stringify(conditions) })
    .where('id', '=', id)
    .execute();
}

export async function deleteRule(trx: TenantTransaction, id: string): Promise<boolean> {
  const { numDeletedRows } = await trx.deleteFrom('retention_rule').where('id', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function markApplied(trx: TenantTransaction, ids: readonly string[], at: Date): Promise<void> {
  if (ids.length === 0) return;
  await trx.updateTable('retention_rule').set({ last_applied_at: at }).where('id', 'in', ids).execute();
}

export type Counts = Partial<Record<RetentionAction, number>>;
export type PlannedRule = { rule_id: string | null; name: string; action: RetentionAction; memories: number };
export type Planned = { rules: readonly PlannedRule[] };

export type RunRow = {
  id: string;
  cause: 'schedule' | 'request';
  started_by: string | null;
  dry_run: boolean;
  actions: RetentionAction[];
  status: 'running' | 'completed' | 'failed';
  planned: Planned;
  done: Counts;
  error: { code: string; detail: string } | null;
  created_at: Date;
  ended_at: Date | null;
};

const RUN = [
  'id',
  'cause',
  'started_by',
  'dry_run',
  'actions',
  'status',
  'planned',
  'done',
  'error',
  'created_at',
  'ended_at',
] as const;

/** Breaks `retention_run_one_at_a_time` where another one is under way. */
export async function insertRun(
  trx: TenantTransaction,
  run: Pick<RunRow, 'id' | 'cause' | 'started_by' | 'dry_run' | 'actions' | 'created_at'>,
): Promise<void> {
  const planned: Planned = { rules: [] };
  await trx
    .insertInto('retention_run')
    .values({ ...run, status: 'running', planned: JSON.stringify(planned), done: '{}', error: null, ended_at: null })
    .execute();
}

export async function savePlan(trx: TenantTransaction, id: string, planned: Planned): Promise<void> {
  await trx
    .updateTable('retention_run')
    .set({ planned: JSON.stringify(planned) })
    .where('id', '=', id)
    .execute();
}

/** Adds to what a run has done. */
export async function countDone(
  trx: TenantTransaction,
  id: string,
  action: RetentionAction,
  memories: number,
): Promise<void> {
  await sql`
    UPDATE retention_run
    SET done = jsonb_set(done, ${[action]}::text[], to_jsonb(coalesce((done ->> ${action})::bigint, 0) + ${memories}::bigint))
    WHERE id = ${id}`.execute(trx);
}

export async function endRun(
  trx: TenantTransaction,
  id: string,
  end: { status: 'completed' | 'failed'; error: RunRow['error']; at: Date },
): Promise<void> {
  const error = end.error === null ? null : JSON.stringify(end.error);
  await trx
    .updateTable('retention_run')
    .set({ status: end.status, error, ended_at: end.at })
    .where('id', '=', id)
    .execute();
}

export async function findRun(trx: TenantTransaction, id: string): Promise<RunRow | undefined> {
  return trx.selectFrom('retention_run').select(RUN).where('id', '=', id).executeTakeFirst();
}

export async function findRunUnderWay(trx: TenantTransaction): Promise<RunRow | undefined> {
  return trx
    .selectFrom('retention_run')
    .select(RUN)
    .where('status', '=', 'running')
    .where('dry_run', '=', false)
    .executeTakeFirst();
}

/** Newest first. */
export async function listRuns(
  trx: TenantTransaction,
  page: { before: { createdAt: Date; id: string } | null; limit: number },
): Promise<RunRow[]> {
  let query = trx.selectFrom('retention_run').select(RUN).orderBy('created_at', 'desc').orderBy('id', 'desc');
  const { before } = page;
  if (before) {
    query = query.where((eb) => eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(before.createdAt, before.id)));
  }
  return query.limit(page.limit).execute();
}
