import { sql } from 'kysely';
import type { TenantTransaction } from '../../platform/database/database.ts';
import type { Rating } from '../../platform/database/schema.ts';
import { UNFINISHED } from './run/run-machine.ts';

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

/** Rates those of the messages that are answers under way in the session: kept with the run until there is a message.
 * Returns how many. */
export async function rateUnfinished(
  trx: TenantTransaction,
  { sessionId, rating }: { sessionId: string; rating: Rating },
  messageIds: readonly string[],
): Promise<number> {
  if (messageIds.length === 0) return 0;
  const { numUpdatedRows } = await trx
    .updateTable('run')
    .set({ early_rating: rating, early_rated_at: sql`now()` })
    .where('session_id', '=', sessionId)
    .where('message_id', 'in', [...messageIds])
    .where('status', 'in', UNFINISHED)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** What was rated while it was under way, and is a message by now, becomes feedback like any other. */
export async function settleEarlyFeedback(trx: TenantTransaction): Promise<void> {
  await sql`
    WITH ready AS (
        SELECT run.id, run.message_id, run.user_id, run.session_id, run.early_rating, run.early_rated_at
        FROM run JOIN message ON message.id = run.message_id
        WHERE run.early_rating IS NOT NULL AND run.ended_at IS NOT NULL
        FOR UPDATE OF run SKIP LOCKED
      ), settled AS (
        UPDATE run SET early_rating = NULL, early_rated_at = NULL FROM ready WHERE run.id = ready.id
      )
    INSERT INTO feedback (message_id, user_id, session_id, rating, updated_at)
    SELECT message_id, user_id, session_id, early_rating, early_rated_at FROM ready
    ON CONFLICT (message_id, user_id) DO NOTHING`.execute(trx);
}

/** What was rated in a session, answers under way too, in the order of its messages. */
export async function listSessionFeedback(trx: TenantTransaction, sessionId: string): Promise<FeedbackRow[]> {
  const underWay = trx
    .selectFrom('run')
    .select([
      'message_id',
      'user_id',
      'session_id',
      sql<Rating>`early_rating`.as('rating'),
      sql<Date>`early_rated_at`.as('updated_at'),
    ])
    .where('session_id', '=', sessionId)
    .where('early_rating', 'is not', null)
    .where('status', 'in', UNFINISHED);
  return trx
    .selectFrom('feedback')
    .select(['message_id', 'user_id', 'session_id', 'rating', 'updated_at'])
    .where('session_id', '=', sessionId)
    .unionAll(underWay)
    .orderBy('message_id')
    .execute();
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
