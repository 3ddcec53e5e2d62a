import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';

export type ConversationRow = {
  conversation_id: string;
  session_id: string | null;
  message_count: number;
  last_message_at: Date;
};

/** The conversations of some spaces that something is remembered of, the one with the newest message first. */
export async function listConversations(
  trx: TenantTransaction,
  spaceIds: readonly number[],
  page: { limit: number; before: { lastMessageAt: Date; id: string } | null },
): Promise<ConversationRow[]> {
  const { before } = page;
  const { rows } = await sql<ConversationRow>`
    SELECT conversation_id, (array_agg(session_id))[1] AS session_id, count(*) AS message_count,
      max(created_at) AS last_message_at
    FROM memory
    WHERE space_id = ANY(${spaceIds}::bigint[]) AND conversation_id IS NOT NULL AND superseded_by IS NULL
    GROUP BY conversation_id
    HAVING ${before?.lastMessageAt ?? null}::timestamptz IS NULL
      OR (max(created_at), conversation_id) < (${before?.lastMessageAt ?? null}, ${before?.id ?? null})
    ORDER BY max(created_at) DESC, conversation_id DESC
    LIMIT ${page.limit}`.execute(trx);
  return rows;
}

export type ConversationStatsRow = {
  message_count: number;
  user_count: number;
  assistant_count: number;
  system_count: number;
  average_importance: number;
  first_message_at: Date;
  last_message_at: Date;
};

export async function readConversationStats(
  trx: TenantTransaction,
  spaceIds: readonly number[],
  conversationId: string,
): Promise<ConversationStatsRow | undefined> {
  const { rows } = await sql<ConversationStatsRow>`
    SELECT count(*) AS message_count, count(*) FILTER (WHERE role = 'user') AS user_count,
      count(*) FILTER (WHERE role = 'assistant') AS assistant_count,
      count(*) FILTER (WHERE role = 'system') AS system_count, avg(importance) AS average_importance,
      min(created_at) AS first_message_at, max(created_at) AS last_message_at
    FROM memory
    WHERE space_id = ANY(${spaceIds}::bigint[]) AND conversation_id = ${conversationId} AND superseded_by IS NULL
    HAVING count(*) > 0`.execute(trx);
  return rows[0];
}
