import { sql } from 'kysely';
import type { TenantTransaction } from '../../platform/database/database.ts';
import type { Rating } from '../../platform/database/schema.ts';

export type FeedbackRow = {
  message_id: string;
  session_id: string;
  user_id: string;
  rating: Rating;
  updated_at: Date;
};

const COLUMNS = ['message_id', 'session_id', 'user_id', 'rating', 'updated_at'] as const;

/** Rates those of the messages that are in the session. Returns how many. */
export async function upsertFeedback(
  trx: TenantTransaction,
  { sessionId, userId, rating }: { sessionId: string; userId: string; rating: Rating },
  messageIds: readonly string[],
): Promise<number> {
  if (messageIds.length === 0) return 0;
  const rows = await trx
    .insertInto('feedback')
    .columns(['message_id', 'user_id', 'session_id', 'rating'])
    .expression((eb) =>
      eb
        .selectFrom('message')
        .where('session_id', '=', sessionId)
        .where('id', 'in', [...messageIds])
        .select([
          'id',
          sql<string>`${userId}::uuid`.as('user_id'),
          'session_id',
          sql<Rating>`${rating}::text`.as('rating'),
        ]),
    )
    .onConflict((conflict) =>
      conflict.columns(['message_id', 'user_id']).doUpdateSet({ rating, updated_at: sql`now()` }),
    )
    .returning('message_id')
    .execute();
  return rows.length;
}

/** What was rated in a session, in the order of its messages. */
export async function listSessionFeedback(trx: TenantTransaction, sessionId: string): Promise<FeedbackRow[]> {
  return trx.selectFrom('feedback').select(COLUMNS).where('session_id', '=', sessionId).orderBy('message_id').execute();
}

/** What was rated in the tenant, the newest first, from behind `before` on. */
export async function listFeedback(
  trx: TenantTransaction,
  page: { limit: number; before: { updatedAt: Date; messageId: string } | null; rating: Rating | null },
): Promise<FeedbackRow[]> {
  const { before, rating } = page;
  return trx
    .selectFrom('feedback')
    .select(COLUMNS)
    .$if(rating !== null, (query) => query.where('rating', '=', rating as Rating))
    .$if(before !== null, (query) =>
      query.where(
        sql<boolean>`(updated_at, message_id) < (${before?.updatedAt ?? null}, ${before?.messageId ?? null})`,
      ),
    )
    .orderBy('updated_at', 'desc')
    .orderBy('message_id', 'desc')
    .limit(page.limit)
    .execute();
}
