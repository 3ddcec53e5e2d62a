import { type InfiniteData, infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import {
  type Analysis,
  type AnalysisSummary,
  type Comparison,
  type Finding,
  type FindingFilter,
  type FindingPage,
  listAnalyses,
  listFindings,
  listRepositories,
  readAnalysis,
  readComparison,
  readRepository,
  readSuggestionSetting,
} from '../api/code.ts';
import { queryClient } from '../app/query-client.ts';
import { isUnderWay } from './words.ts';

/** How often what is under way is asked after, ms. */
const POLL_MS = 1_500;

export const codeKeys = {
  all: ['code'] as const,
  repositories: ['code', 'repositories'] as const,
  repository: (id: string) => ['code', 'repository', id] as const,
  analyses: (repositoryId: string) => ['code', 'analyses', repositoryId] as const,
  analysis: (id: string) => ['code', 'analysis', id] as const,
  findings: (analysisId: string) => ['code', 'findings', analysisId] as const,
  comparison: (analysisId: string) => ['code', 'comparison', analysisId] as const,
  suggestions: ['code', 'suggestion-setting'] as const,
};

const isWaited = (analysis: AnalysisSummary | null | undefined) => Boolean(analysis && isUnderWay(analysis));

export const repositoriesQuery = infiniteQueryOptions({
  queryKey: codeKeys.repositories,
  queryFn: ({ pageParam, signal }) => listRepositories(pageParam, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
  refetchInterval: ({ state }) =>
    state.data?.pages.some(({ data }) => data.some((each) => isWaited(each.latest_analysis))) ? POLL_MS : false,
});

export function repositoryQuery(id: string) {
  return queryOptions({
    queryKey: codeKeys.repository(id),
    queryFn: ({ signal }) => readRepository(id, signal),
    refetchInterval: ({ state }) => (isWaited(state.data?.latest_analysis) ? POLL_MS : false),
  });
}

/** All of a repository, newest first. */
export function analysesQuery(repositoryId: string) {
  return infiniteQueryOptions({
    queryKey: [...codeKeys.analyses(repositoryId), 'list'],
    queryFn: ({ pageParam, signal }) => listAnalyses({ repositoryId, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

/** The newest that has a result, or null. */
export function lastResultQuery(repositoryId: string) {
  return queryOptions({
    queryKey: [...codeKeys.analyses(repositoryId), 'last-result'],
    queryFn: async ({ signal }) =>
      (await listAnalyses({ repositoryId, status: 'completed', limit: 1 }, signal)).data[0] ?? null,
  });
}

export function analysisQuery(id: string) {
  return queryOptions({
    queryKey: codeKeys.analysis(id),
    queryFn: ({ signal }) => readAnalysis(id, signal),
    refetchInterval: ({ state }) => (isWaited(state.data) ? POLL_MS : false),
  });
}

export function findingsQuery(analysisId: string, filter: FindingFilter) {
  return infiniteQueryOptions({
    queryKey: [...codeKeys.findings(analysisId), filter],
    queryFn: ({ pageParam, signal }) => listFindings(analysisId, filter, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    // What was just judged stays where it is, with its way back, until the list is opened anew.
    refetchOnWindowFocus: false,
  });
}

export function comparisonQuery(analysisId: string) {
  return queryOptions({
    queryKey: codeKeys.comparison(analysisId),
    queryFn: ({ signal }) => readComparison(analysisId, signal),
    refetchOnWindowFocus: false,
  });
}

export const suggestionSettingQuery = queryOptions({
  queryKey: codeKeys.suggestions,
  queryFn: ({ signal }) => readSuggestionSetting(signal),
});

/** Reads repositories and their lists of analyses again; not what an analysis found, which stays as it is. */
export async function refreshRepositories(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: codeKeys.repositories }),
    queryClient.invalidateQueries({ queryKey: ['code', 'repository'] }),
    queryClient.invalidateQueries({ queryKey: ['code', 'analyses'] }),
    queryClient.invalidateQueries({
      queryKey: ['code', 'analysis'],
      predicate: ({ state }) => isWaited(state.data as Analysis | undefined),
    }),
  ]);
}

/** Puts a judged finding wherever it is shown. Lists are read anew when they are opened the next time, not now: a row that
 * fits the filter no more would vanish under the hand that judged it. */
export function putFinding(before: Finding, after: Finding): void {
  const { analysis_id: id } = after;
  const put = (finding: Finding) => (finding.id === after.id ? after : finding);
  queryClient.setQueriesData<InfiniteData<FindingPage>>({ queryKey: codeKeys.findings(id) }, (found) =>
    found === undefined
      ? undefined
      : { ...found, pages: found.pages.map((page) => ({ ...page, data: page.data.map(put) })) },
  );
  queryClient.setQueryData<Comparison>(codeKeys.comparison(id), (found) =>
    found === undefined ? undefined : { ...found, new: found.new.map(put) },
  );
  queryClient.setQueryData<Analysis>(codeKeys.analysis(id), (found) =>
    found === undefined ? undefined : { ...found, findings_by_status: moved(found.findings_by_status, before, after) },
  );
  void queryClient.invalidateQueries({ queryKey: codeKeys.findings(id), refetchType: 'none' });
}

function moved(counts: Record<string, number>, { status: from }: Finding, { status: to }: Finding) {
  const next = { ...counts };
  next[from] = Math.max(0, (next[from] ?? 0) - 1);
  next[to] = (next[to] ?? 0) + 1;
  return next;
}
