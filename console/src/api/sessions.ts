import { request } from './request.ts';
import type { Message, Page, RecalledItem, Session } from './types.ts';

const SESSIONS_A_PAGE = 30;
const MESSAGES_A_PAGE = 40;

export function listSessions(cursor: string | null, signal: AbortSignal): Promise<Page<Session>> {
  return request('/v1/sessions', { query: { limit: SESSIONS_A_PAGE, cursor }, signal });
}

export function readSession(id: string, signal?: AbortSignal): Promise<Session> {
  return request(`/v1/sessions/${id}`, { signal });
}

/** Without a title: the first question gives it. */
export function createSession(): Promise<Session> {
  return request('/v1/sessions', { method: 'POST', body: {} });
}

export function renameSession(id: string, title: string): Promise<Session> {
  return request(`/v1/sessions/${id}`, { method: 'PATCH', body: { title } });
}

/** Shows the branch through this message from now on. */
export function turnSession(id: string, messageId: string): Promise<Session> {
  return request(`/v1/sessions/${id}`, { method: 'PATCH', body: { current_message_id: messageId } });
}

export function deleteSession(id: string): Promise<void> {
  return request(`/v1/sessions/${id}`, { method: 'DELETE' });
}

/** Newest first, so that a long session opens at its end. */
export function listMessages(sessionId: string, cursor: string | null, signal: AbortSignal): Promise<Page<Message>> {
  return request(`/v1/sessions/${sessionId}/messages`, {
    query: { limit: MESSAGES_A_PAGE, cursor, order: 'desc' },
    signal,
  });
}

export type RunRecall = { run_id: string; items: RecalledItem[]; forgotten: string | null };

/** Newest first, as many as a page of messages may have answers. */
export function listRecalls(sessionId: string, cursor: string | null, signal: AbortSignal): Promise<Page<RunRecall>> {
  return request(`/v1/sessions/${sessionId}/recalls`, { query: { limit: MESSAGES_A_PAGE, cursor }, signal });
}
