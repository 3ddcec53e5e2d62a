import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { listReports, readReport } from '../api/readiness.ts';

export const reportsQuery = infiniteQueryOptions({
  queryKey: ['readiness', 'reports'],
  queryFn: ({ pageParam, signal }) => listReports(pageParam, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

export function reportQuery(id: string) {
  return queryOptions({
    queryKey: ['readiness', 'report', id],
    queryFn: ({ signal }) => readReport(id, signal),
  });
}
