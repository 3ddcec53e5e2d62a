import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { listFacts, listMemories, listVersions, readMemory, readMemoryStats, searchMemory } from '../api/memory.ts';
import { queryClient } from '../app/query-client.ts';

const memoryKeys = { all: ['memory'] as const };

/** Reads again whatever is shown of memory: a change to one thing shows in several. What is not on the screen is dropped,
 * so that nothing that was just forgotten is seen once more. */
export function refreshMemory(): Promise<void> {
  queryClient.removeQueries({ queryKey: memoryKeys.all, type: 'inactive' });
  return queryClient.invalidateQueries({ queryKey: memoryKeys.all });
}

export const statsQuery = queryOptions({
  queryKey: [...memoryKeys.all, 'stats'],
  queryFn: ({ signal }) => readMemoryStats(signal),
});

export const memoriesQuery = infiniteQueryOptions({
  queryKey: [...memoryKeys.all, 'list'],
  queryFn: ({ pageParam, signal }) => listMemories(pageParam, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

export function searchQuery(query: string) {
  return queryOptions({
    queryKey: [...memoryKeys.all, 'search', query],
    queryFn: ({ signal }) => searchMemory(query, signal),
    enabled: query !== '',
  });
}

export function factsQuery(history: boolean) {
  return infiniteQueryOptions({
    queryKey: [...memoryKeys.all, 'facts', history],
    queryFn: ({ pageParam, signal }) => listFacts(history, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function memoryQuery(id: string) {
  return queryOptions({
    queryKey: [...memoryKeys.all, 'one', id],
    queryFn: ({ signal }) => readMemory(id, signal),
  });
}

export function versionsQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: [...memoryKeys.all, 'versions', id],
    queryFn: ({ pageParam, signal }) => listVersions(id, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}
