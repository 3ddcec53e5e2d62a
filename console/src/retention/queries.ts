import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { listRetentionRuns, listRules, readPolicy } from '../api/retention.ts';
import { queryClient } from '../app/query-client.ts';

const retentionKeys = { all: ['retention'] as const };

export function refreshRetention(): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: retentionKeys.all });
}

export const policyQuery = queryOptions({
  queryKey: [...retentionKeys.all, 'policy'],
  queryFn: ({ signal }) => readPolicy(signal),
});

export const rulesQuery = queryOptions({
  queryKey: [...retentionKeys.all, 'rules'],
  queryFn: ({ signal }) => listRules(signal),
});

/** How often the list is read again while a run is under way, in milliseconds. */
const POLL_MS = 2_000;

export const runsQuery = infiniteQueryOptions({
  queryKey: [...retentionKeys.all, 'runs'],
  queryFn: ({ pageParam, signal }) => listRetentionRuns(pageParam, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
  refetchInterval: ({ state }) =>
    state.data?.pages.some((page) => page.data.some(({ status }) => status === 'running')) ? POLL_MS : false,
});
