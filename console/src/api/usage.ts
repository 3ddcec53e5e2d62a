import { request } from './request.ts';
import type { Page } from './types.ts';

export type UsageSums = {
  calls: number;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number;
  unpriced_calls: number;
  estimated_calls: number;
};
export type UsageRow = UsageSums & { day?: string; model?: string };
export type UsageReport = { from: string; to: string; whole_tenant: boolean; data: UsageRow[]; total: UsageSums };

export type BudgetScope = 'tenant' | 'user' | 'key';
export type BudgetPeriod = 'day' | 'month';
export type Budget = {
  id: string | null;
  scope: BudgetScope;
  subject_id: string | null;
  period: BudgetPeriod;
  limit_usd: number;
  hard: boolean;
  set_by: 'tenant' | 'operator' | 'installation';
  spent_usd: number | null;
  reserved_usd: number | null;
};
export type NewBudget = Pick<Budget, 'scope' | 'period' | 'limit_usd' | 'hard'>;

export type TopSession = {
  session_id: string;
  title: string | null;
  user_id: string;
  message_count: number;
  last_activity: string;
  cost_usd: number;
};

export function readUsage(groupBy: 'day' | 'model', from: string, signal?: AbortSignal): Promise<UsageReport> {
  return request('/v1/usage', { query: { group_by: groupBy, from }, signal });
}

export function listBudgets(signal?: AbortSignal): Promise<Page<Budget>> {
  return request('/v1/budgets', { signal });
}

export function createBudget(budget: NewBudget): Promise<Budget> {
  return request('/v1/budgets', { method: 'POST', body: budget });
}

export function changeBudget(id: string, limitUsd: number): Promise<Budget> {
  return request(`/v1/budgets/${id}`, { method: 'PATCH', body: { limit_usd: limitUsd } });
}

export function deleteBudget(id: string): Promise<void> {
  return request(`/v1/budgets/${id}`, { method: 'DELETE' });
}

export function topSessions(signal?: AbortSignal): Promise<Page<TopSession>> {
  return request('/v1/analytics/top-sessions', { query: { limit: 5 }, signal });
}
