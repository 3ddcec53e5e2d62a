import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { listMessages, listRecalls, listSessions, readSession } from '../api/sessions.ts';

export const chatKeys = {
  sessions: ['sessions'] as const,
  session: (id: string) => ['session', id] as const,
  messages: (id: string) => ['messages', id] as const,
  recalls: (id: string) => ['recalls', id] as const,
};

export const sessionsQuery = infiniteQueryOptions({
  queryKey: chatKeys.sessions,
  queryFn: ({ pageParam, signal }) => listSessions(pageParam, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

export function sessionQuery(id: string) {
  return queryOptions({ queryKey: chatKeys.session(id), queryFn: ({ signal }) => readSession(id, signal) });
}

/** Pages from the newest messages to older ones. */
export function messagesQuery(sessionId: string) {
  return infiniteQueryOptions({
    queryKey: chatKeys.messages(sessionId),
    queryFn: ({ pageParam, signal }) => listMessages(sessionId, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

/** What memory gave to the answers, from the newest to older ones. */
export function recallsQuery(sessionId: string) {
  return infiniteQueryOptions({
    queryKey: chatKeys.recalls(sessionId),
    queryFn: ({ pageParam, signal }) => listRecalls(sessionId, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}
