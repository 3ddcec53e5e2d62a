import type { RetentionCounts, RetentionPolicy, RetentionRule, RetentionRun } from './retention.schema.ts';
import type { Counts, PolicyRow, RuleRow, RunRow } from './retention.store.ts';
import { effectivePolicy } from './retention-policy.ts';

export function policyView(row: PolicyRow | undefined): RetentionPolicy {
  const { enabled, max_age_days, importance_threshold, max_items, delete_after_days } = effectivePolicy(row);
  return {
    enabled,
    max_age_days,
    importance_threshold,
    max_items,
    delete_after_days,
    is_default: row === undefined,
    updated_at: row?.updated_at.toISOString() ?? null,
  };
}

export function ruleView({ last_applied_at, created_at, updated_at, ...rule }: RuleRow): RetentionRule {
  return {
    ...rule,
    last_applied_at: last_applied_at?.toISOString() ?? null,
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  };
}

export function runView(row: RunRow): RetentionRun {
  const { planned, done, created_at, ended_at, ...run } = row;
  const sums: Counts = {};
  for (const { action, memories } of planned.rules) sums[action] = (sums[action] ?? 0) + memories;
  return {
    ...run,
    planned: countsView(sums),
    done: countsView(done),
    rules_applied: [...planned.rules],
    created_at: created_at.toISOString(),
    ended_at: ended_at?.toISOString() ?? null,
    execution_time_seconds: ended_at === null ? null : (ended_at.getTime() - created_at.getTime()) / 1000,
  };
}

function countsView(counts: Counts): RetentionCounts {
  return {
    archived: counts.archive ?? 0,
    deleted: counts.delete ?? 0,
    moved_to_cold_storage: counts.move_to_cold_storage ?? 0,
  };
}
