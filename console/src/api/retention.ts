import { request } from './request.ts';
import type { Page } from './types.ts';

export type RetentionAction = 'archive' | 'delete' | 'move_to_cold_storage';
export type RuleType = 'age' | 'importance' | 'conversation_age' | 'max_items' | 'custom';

export type RetentionPolicy = {
  enabled: boolean;
  max_age_days: number | null;
  importance_threshold: number | null;
  max_items: number | null;
  delete_after_days: number | null;
};

export type RetentionRule = {
  id: string;
  name: string;
  rule_type: RuleType;
  conditions: Record<string, unknown>;
  action: RetentionAction;
  priority: number;
  enabled: boolean;
};
export type NewRule = Pick<RetentionRule, 'name' | 'rule_type' | 'conditions' | 'action' | 'priority'>;

export type RetentionCounts = { archived: number; deleted: number; moved_to_cold_storage: number };

export type RetentionRun = {
  id: string;
  cause: 'schedule' | 'request';
  dry_run: boolean;
  status: 'running' | 'completed' | 'failed';
  planned: RetentionCounts;
  done: RetentionCounts;
  rules_applied: { rule_id: string | null; name: string; action: RetentionAction; memories: number }[];
  error: { code: string; detail: string } | null;
  created_at: string;
  execution_time_seconds: number | null;
};

export function readPolicy(signal?: AbortSignal): Promise<RetentionPolicy> {
  return request('/v1/retention/policy', { signal });
}

export function changePolicy(change: Partial<RetentionPolicy>): Promise<RetentionPolicy> {
  return request('/v1/retention/policy', { method: 'PATCH', body: change });
}

export function listRules(signal?: AbortSignal): Promise<Page<RetentionRule>> {
  return request('/v1/retention/rules', { signal });
}

export function createRule(rule: NewRule): Promise<RetentionRule> {
  return request('/v1/retention/rules', { method: 'POST', body: rule });
}

export function switchRule(id: string, enabled: boolean): Promise<RetentionRule> {
  return request(`/v1/retention/rules/${id}`, { method: 'PATCH', body: { enabled } });
}

export function deleteRule(id: string): Promise<void> {
  return request(`/v1/retention/rules/${id}`, { method: 'DELETE' });
}

export function startRetention(dryRun: boolean): Promise<RetentionRun> {
  return request('/v1/retention/runs', { method: 'POST', body: { dry_run: dryRun } });
}

export function listRetentionRuns(cursor: string | null, signal?: AbortSignal): Promise<Page<RetentionRun>> {
  return request('/v1/retention/runs', { query: { limit: 10, cursor }, signal });
}
