import type { Database } from '../../platform/database/database.ts';
import type { Principal } from '../identity/index.ts';
import { inTenant } from '../tenancy/index.ts';
import { assertOwnSession } from './chat.policy.ts';
import { listRecalls } from './recalls.store.ts';
import { findSession } from './session.store.ts';

export type RecallList = ReturnType<typeof createRecallList>;

const DEFAULT_LIMIT = 20;

/** What memory gave to the answers of a session: the person sees what was used. */
export function createRecallList({ database }: { database: Database }) {
  return async (principal: Principal, sessionId: string, query: { limit?: number; cursor?: string }) => {
    const { limit = DEFAULT_LIMIT, cursor = null } = query;
    const rows = await inTenant(database, principal.tenant, async (trx) => {
      assertOwnSession(principal, await findSession(trx, sessionId));
      return listRecalls(trx, sessionId, { before: cursor, limit: limit + 1 });
    });
    const data = rows.slice(0, limit);
    return { data, next_cursor: rows.length > limit ? (data.at(-1)?.run_id ?? null) : null };
  };
}
