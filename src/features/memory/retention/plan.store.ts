import { type RawBuilder, sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { RetentionAction, RuleConditions, RuleType } from './retention.schema.ts';

/** SQL that finds what is to go, and keeps it as steps. Ages are by the time at which something was said. */

export type Selection = {
  runId: string;
  ruleId: string | null;
  action: RetentionAction;
  /** As the archive tells it later. */
  reason: string;
};

const DAY_MS = 86_400_000;
const DEFAULTS = { age: 30, importance: 0.3, conversationAge: 90, maxItems: 1_000 } as const;

export function daysBefore(now: Date, days: number): Date {
  return new Date(now.getTime() - days * DAY_MS);
}

/** Adds a step for each current memory that a rule is about and that has none yet. Returns how many. */
export async function planRule(
  trx: TenantTransaction,
  selection: Selection,
  rule: { type: RuleType; conditions: RuleConditions },
  now: Date,
): Promise<number> {
  // What is in the archive is there already; what a rule deletes or moves, it takes from there, too.
  const archived = selection.action === 'archive' ? sql`NOT memory.archived` : sql`true`;
  return insertSteps(trx, selection, sql`${archived} AND ${conditionOf(rule.type, rule.conditions, selection, now)}`);
}

export type PolicyLimits = { maxAgeDays: number | null; importanceThreshold: number | null; maxItems: number | null };

/** What the policy archives: the old, the unimportant, and of each memory space what is too much. */
export async function planPolicyArchive(
  trx: TenantTransaction,
  selection: Selection,
  limits: PolicyLimits,
  now: Date,
): Promise<number> {
  const reasons: RawBuilder<unknown>[] = [];
  const { maxAgeDays, importanceThreshold, maxItems } = limits;
  if (maxAgeDays !== null) reasons.push(sql`memory.created_at <= ${daysBefore(now, maxAgeDays)}`);
  if (importanceThreshold !== null) reasons.push(sql`memory.importance <= ${importanceThreshold}`);
  if (maxItems !== null) reasons.push(beyond(maxItems, selection));
  if (reasons.length === 0) return 0;
  return insertSteps(trx, selection, sql`NOT memory.archived AND (${sql.join(reasons, sql` OR `)})`);
}

/** What has been in the archive for long enough. */
export async function planPolicyDelete(
  trx: TenantTransaction,
  selection: Selection,
  deleteAfterDays: number,
  now: Date,
): Promise<number> {
  return insertSteps(
    trx,
    selection,
    sql`memory.archived AND memory.archived_at <= ${daysBefore(now, deleteAfterDays)}`,
  );
}

async function insertSteps(
  trx: TenantTransaction,
  { runId, ruleId, action, reason }: Selection,
  condition: RawBuilder<unknown>,
): Promise<number> {
  const { numAffectedRows } = await sql`
    INSERT INTO retention_step (run_id, memory_number, action, rule_id, reason)
    SELECT ${runId}, memory.number, ${action}, ${ruleId}::uuid, ${reason}
    FROM memory
    WHERE memory.superseded_by IS NULL AND ${condition}
    ON CONFLICT DO NOTHING`.execute(trx);
  return Number(numAffectedRows ?? 0);
}

function conditionOf(type: RuleType, conditions: RuleConditions, selection: Selection, now: Date): RawBuilder<unknown> {
  switch (type) {
    case 'age':
      return sql`memory.created_at < ${daysBefore(now, conditions.days ?? DEFAULTS.age)}`;
    case 'importance':
      return sql`memory.importance <= ${conditions.importance_threshold ?? DEFAULTS.importance}`;
    case 'conversation_age':
      return quietSince(daysBefore(now, conditions.days ?? DEFAULTS.conversationAge));
    case 'max_items':
      return beyond(conditions.max_items ?? DEFAULTS.maxItems, selection);
    case 'custom':
      return custom(conditions, now);
  }
}

/** Conversations in which nothing was said since. */
function quietSince(time: Date): RawBuilder<unknown> {
  return sql`(memory.space_id, memory.conversation_id) IN (
    SELECT space_id, conversation_id FROM memory
    WHERE superseded_by IS NULL AND conversation_id IS NOT NULL
    GROUP BY space_id, conversation_id
    HAVING max(created_at) < ${time})`;
}

/** Of each memory space all but the newest, not counting what this run takes out anyway. */
function beyond(count: number, { runId }: Selection): RawBuilder<unknown> {
  return sql`memory.number IN (
    SELECT number FROM (
      SELECT number, row_number() OVER (PARTITION BY space_id ORDER BY created_at DESC, number DESC) AS place
      FROM memory
      WHERE superseded_by IS NULL AND NOT archived
        AND NOT EXISTS (SELECT FROM retention_step
          WHERE retention_step.run_id = ${runId} AND retention_step.memory_number = memory.number)
    ) AS placed
    WHERE place > ${count})`;
}

function custom(conditions: RuleConditions, now: Date): RawBuilder<unknown> {
  const { role, min_importance, max_importance, older_than_days, metadata } = conditions;
  const all: RawBuilder<unknown>[] = [];
  if (role !== undefined) all.push(sql`memory.role = ${role}`);
  if (min_importance !== undefined) all.push(sql`memory.importance >= ${min_importance}`);
  if (max_importance !== undefined) all.push(sql`memory.importance <= ${max_importance}`);
  if (older_than_days !== undefined) all.push(sql`memory.created_at < ${daysBefore(now, older_than_days)}`);
  if (metadata !== undefined) all.push(sql`memory.metadata @> ${JSON.stringify(metadata)}::jsonb`);
  // A rule without a condition is refused when it is made; should one be there all the same, it is about nothing.
  return all.length === 0 ? sql`false` : sql.join(all, sql` AND `);
}

/**
 * Has the database know how many steps there are. By what it knew before the plan it takes the table for an empty one, and
 * every batch would read all of it, and all memories besides.
 */
export async function countSteps(trx: TenantTransaction): Promise<void> {
  await sql`ANALYZE retention_step`.execute(trx);
}

export async function dropSteps(trx: TenantTransaction, runId: string): Promise<void> {
  await trx.deleteFrom('retention_step').where('run_id', '=', runId).execute();
}

export type Step = { memory_number: number; id: string | null; reason: string };

/** The next steps of one action behind a memory's number, each with the id of its memory; null where that is gone meanwhile. */
export async function nextSteps(
  trx: TenantTransaction,
  runId: string,
  action: RetentionAction,
  { after, limit }: { after: number; limit: number },
): Promise<Step[]> {
  const { rows } = await sql<Step>`
    WITH step AS MATERIALIZED (
      SELECT memory_number, reason FROM retention_step
      WHERE run_id = ${runId} AND action = ${action} AND memory_number > ${after}
      ORDER BY memory_number LIMIT ${limit}
    )
    SELECT step.memory_number, found.id, step.reason
    FROM step
    -- With LIMIT, one by one: the steps are too new for statistics, and a join of them would read all memories.
    LEFT JOIN LATERAL (
      SELECT memory.id FROM memory WHERE memory.number = step.memory_number AND memory.superseded_by IS NULL LIMIT 1
    ) AS found ON true
    ORDER BY step.memory_number`.execute(trx);
  return rows;
}

/** Takes steps away; gives those that nobody else has taken. */
export async function takeSteps(
  trx: TenantTransaction,
  runId: string,
  numbers: readonly number[],
): Promise<ReadonlySet<number>> {
  const taken = await trx
    .deleteFrom('retention_step')
    .where('run_id', '=', runId)
    .where(sql<boolean>`memory_number = ANY(${numbers}::bigint[])`)
    .returning('memory_number')
    .execute();
  return new Set(taken.map(({ memory_number }) => memory_number));
}

/** Puts current memories and their older versions into the archive. Returns how many current ones were not there yet. */
export async function archiveMemories(
  trx: TenantTransaction,
  ids: readonly string[],
  { reason, at }: { reason: string; at: Date },
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    WITH archived AS (
      UPDATE memory SET archived = true, archived_at = ${at}, archive_reason = ${reason}, updated_at = ${at}
      WHERE (id = ANY(${ids}::uuid[]) OR superseded_by = ANY(${ids}::uuid[])) AND NOT archived
      RETURNING superseded_by, space_id, language
    ), changed AS (
      INSERT INTO memory_corpus_change (space_id, language, memory_count, word_count)
      SELECT DISTINCT space_id, language, 0, 0 FROM archived
    )
    SELECT count(*) AS count FROM archived WHERE superseded_by IS NULL`.execute(trx);
  return Number(rows[0]?.count ?? 0);
}

/** Whole memories with their versions, as JSON that can be kept elsewhere. */
export async function readWhole(trx: TenantTransaction, ids: readonly string[]): Promise<Record<string, unknown>[]> {
  const { rows } = await sql<{ memory: Record<string, unknown> }>`
    SELECT to_jsonb(memory) - 'lexemes' - 'content_hash' - 'identity_hash' - 'number' - 'space_id'
      || jsonb_build_object('user_id', memory_space.user_id, 'subject', memory_space.subject) AS memory
    FROM memory JOIN memory_space ON memory_space.id = memory.space_id
    WHERE memory.id = ANY(${ids}::uuid[]) OR memory.superseded_by = ANY(${ids}::uuid[])
    ORDER BY memory.number`.execute(trx);
  return rows.map(({ memory }) => memory);
}
