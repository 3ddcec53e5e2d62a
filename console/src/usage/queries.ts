import { queryOptions } from '@tanstack/react-query';
import { listBudgets, readUsage, topSessions } from '../api/usage.ts';

export const usageKeys = { all: ['usage'] as const, budgets: ['usage', 'budgets'] as const };

const DAY_MS = 86_400_000;
/** Days in the chart, today included: the longest month is in it. */
export const CHART_DAYS = 31;

/** Days of UTC, as the ledger counts them, oldest first. */
export function lastDays(now: Date): string[] {
  const today = Date.parse(now.toISOString().slice(0, 10));
  return Array.from({ length: CHART_DAYS }, (_, index) =>
    new Date(today - (CHART_DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  );
}

export function usageQuery(groupBy: 'day' | 'model', from: string) {
  return queryOptions({
    queryKey: [...usageKeys.all, groupBy, from],
    queryFn: ({ signal }) => readUsage(groupBy, from, signal),
  });
}

export const budgetsQuery = queryOptions({
  queryKey: usageKeys.budgets,
  queryFn: ({ signal }) => listBudgets(signal),
});

export const topSessionsQuery = queryOptions({
  queryKey: [...usageKeys.all, 'top-sessions'],
  queryFn: ({ signal }) => topSessions(signal),
});
