import type { Session } from '../api/types.ts';

/** What a session is called where it has no title yet. */
export function titleOf(session: Pick<Session, 'title'>): string {
  return session.title?.trim() || 'Untitled chat';
}
