import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { listDocuments, readDocument, readDocumentText } from '../api/documents.ts';
import type { DocumentEntry } from '../api/types.ts';

/** How often a list with unfinished documents is read again, in milliseconds. */
const POLL_MS = 1_500;

export const documentKeys = {
  all: ['documents'] as const,
  one: (id: string) => ['document', id] as const,
  text: (id: string) => ['document-text', id] as const,
};

export function isInWork({ status }: Pick<DocumentEntry, 'status'>): boolean {
  return status === 'queued' || status === 'processing';
}

export const documentsQuery = infiniteQueryOptions({
  queryKey: documentKeys.all,
  queryFn: ({ pageParam, signal }) => listDocuments(pageParam, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
  refetchInterval: ({ state }) => (state.data?.pages.some((page) => page.data.some(isInWork)) ? POLL_MS : false),
});

export function documentQuery(id: string) {
  return queryOptions({
    queryKey: documentKeys.one(id),
    queryFn: ({ signal }) => readDocument(id, signal),
    refetchInterval: ({ state }) => (state.data && isInWork(state.data) ? POLL_MS : false),
  });
}

/** A stretch of a document's text, in characters. */
export function documentTextQuery(id: string, range: { start: number; end: number }) {
  return queryOptions({
    queryKey: [...documentKeys.text(id), range.start, range.end],
    queryFn: ({ signal }) => readDocumentText(id, range, signal),
    staleTime: 60_000,
  });
}
