import type { Principal } from '../identity/index.ts';
import { chatErrors } from './chat.errors.ts';

/** A session is private to the user who began it; no role opens another user's. */
export function assertOwnSession(principal: Pick<Principal, 'userId'>, session: { user_id: string } | undefined): void {
  if (!session) throw chatErrors.sessionNotFound();
  if (session.user_id !== principal.userId) throw chatErrors.sessionForbidden();
}

export function assertOwnRun(principal: Principal, run: { user_id: string } | undefined): void {
  if (!run) throw chatErrors.runNotFound();
  if (run.user_id !== principal.userId) throw chatErrors.runForbidden();
}
