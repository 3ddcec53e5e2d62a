import type { Database } from '../../platform/database/database.ts';
import type { Rating } from '../../platform/database/schema.ts';
import { decodeCursor, pageOf } from '../../platform/http/pagination.ts';
import type { Principal } from '../identity/index.ts';
import { inTenant } from '../tenancy/index.ts';
import { chatErrors } from './chat.errors.ts';
import { assertOwnSession } from './chat.policy.ts';
import type { FeedbackView } from './feedback.schema.ts';
import * as store from './feedback.store.ts';
import { findSession } from './session.store.ts';

export type FeedbackQuery = { limit?: number; cursor?: string; rating?: Rating };

const DEFAULT_LIMIT = 20;

export type FeedbackService = ReturnType<typeof createFeedbackService>;

/** What users think of messages. Everybody rates in their own sessions; admins read what the tenant's users said. */
export function createFeedbackService({ database }: { database: Database }) {
  return {
    /** Rates messages, an answer that is under way too; the last rating counts.
     * @throws ApiError ERR_CHAT_001, 002, 008 when none of them is there */
    async rate(principal: Principal, sessionId: string, messageIds: readonly string[], rating: Rating): Promise<void> {
      const { tenant, userId } = principal;
      const rated = await inTenant(database, tenant, async (trx) => {
        assertOwnSession(principal, await findSession(trx, sessionId));
        // Before the messages: an answer that ends in between is then found there.
        const early = await store.rateUnfinished(trx, { sessionId, rating }, messageIds);
        return early + (await store.upsertFeedback(trx, { sessionId, userId, rating }, messageIds));
      });
      if (rated === 0) throw chatErrors.messageNotFound();
    },

    /** The ratings of one's own session. */
    async ofSession(principal: Principal, sessionId: string): Promise<FeedbackView[]> {
      const rows = await inTenant(database, principal.tenant, async (trx) => {
        assertOwnSession(principal, await findSession(trx, sessionId));
        await store.settleEarlyFeedback(trx);
        return store.listSessionFeedback(trx, sessionId);
      });
      return rows.map(feedbackView);
    },

    /** The ratings of all users of the tenant, the newest first. For admins: the route says so. */
    async list(principal: Principal, { limit = DEFAULT_LIMIT, cursor, rating }: FeedbackQuery) {
      const key = cursor === undefined ? null : decodeCursor(cursor, ['time', 'id'] as const);
      const before = key && { updatedAt: key[0], messageId: key[1] };
      const page = { limit: limit + 1, before, rating: rating ?? null };
      const rows = await inTenant(database, principal.tenant, async (trx) => {
        await store.settleEarlyFeedback(trx);
        return store.listFeedback(trx, page);
      });
      return pageOf(rows, limit, feedbackView, (row) => [row.updated_at.toISOString(), row.message_id]);
    },
  };
}

function feedbackView(row: store.FeedbackRow): FeedbackView {
  return { ...row, updated_at: row.updated_at.toISOString() };
}
