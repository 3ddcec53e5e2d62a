import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { RecalledItem } from '../api/types.ts';
import { recallsQuery } from './queries.ts';

const NONE: readonly RecalledItem[] = [];

/** What memory gave to the stored answers of a session, by their runs. Without it the answers are shown all the same. */
export function useRecalls(sessionId: string) {
  const query = useInfiniteQuery(recallsQuery(sessionId));
  const byRun = useMemo(
    () => new Map(query.data?.pages.flatMap((page) => page.data).map(({ run_id, items }) => [run_id, items]) ?? []),
    [query.data],
  );
  return {
    of: (runId: string | null) => (runId === null ? NONE : (byRun.get(runId) ?? NONE)),
    loadOlder: () => {
      if (query.hasNextPage) void query.fetchNextPage();
    },
  };
}
