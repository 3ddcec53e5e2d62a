import { CompiledQuery, sql } from 'kysely';
import type { TenantTransaction } from '../../platform/database/database.ts';
import type { MessageRole, MessageStatus } from '../../platform/database/schema.ts';
import { unlinkMessages } from './branch.store.ts';
import type { MessagePart } from './message.ts';
import { storableJson } from './run/event.ts';
import { updateSession } from './session.store.ts';

export type MessageRow = {
  id: string;
  session_id: string;
  run_id: string | null;
  parent_id: string | null;
  role: MessageRole;
  parts: readonly MessagePart[];
  status: MessageStatus;
  created_at: Date;
};

/** With all that is said in its place, itself among them, oldest first. */
export type PlacedMessageRow = MessageRow & { siblings: string[] };

const MESSAGE_COLUMNS = ['id', 'session_id', 'run_id', 'parent_id', 'role', 'parts', 'status', 'created_at'] as const;
/** Adds messages at the end of a session's current branch, in their order. Locks the session, so that no run begins
 * meanwhile. */
export async function insertMessages(
  trx: TenantTransaction,
  sessionId: string,
  messages: readonly { id: string; role: MessageRole; parts: readonly MessagePart[] }[],
): Promise<MessageRow[]> {
  await updateSession(trx, sessionId, {});
  const { rows } = await trx.executeQuery(
    CompiledQuery.raw(
      `WITH own_session AS (SELECT $1::uuid AS id, NULL::uuid AS run_id, $2::json AS messages), ${INSERT_INPUT}
      SELECT ${MESSAGE_COLUMNS.join(', ')} FROM input ORDER BY created_at, id`,
      [sessionId, storableJson(inputRows(messages))],
    ) as CompiledQuery<MessageRow>,
  );
  return rows;
}

/**
 * Parts of a statement that knows each `own_session` with its `run_id` and its `messages`, which are `inputRows`: `leaf` is
 * the end of a session's current branch, and `input` puts the messages behind it. A message is never as old as the one that
 * it follows, whatever the clock does: branches are read by time.
 */
export const INSERT_INPUT = `leaf AS (
         SELECT own_session.id AS session_id, last.id, last.created_at FROM own_session CROSS JOIN LATERAL (
           SELECT message.id, message.created_at FROM message WHERE message.session_id = own_session.id AND is_current
           ORDER BY message.created_at DESC, message.id DESC LIMIT 1
         ) AS last
       ), input AS (
         INSERT INTO message (id, session_id, run_id, parent_id, role, parts, status, created_at)
         SELECT m.id, own_session.id, own_session.run_id, coalesce(m.parent_id, leaf.id), m.role, m.parts, 'complete',
           greatest(now(), leaf.created_at + interval '1 millisecond')
         FROM own_session LEFT JOIN leaf ON leaf.session_id = own_session.id
         CROSS JOIN LATERAL json_to_recordset(own_session.messages) AS m(id uuid, parent_id uuid, role text, parts json)
         RETURNING ${MESSAGE_COLUMNS.join(', ')}
       )`;

/** Each follows the one before it; the first, what is there. */
export function inputRows(messages: readonly { id: string; role: MessageRole; parts: readonly MessagePart[] }[]) {
  return messages.map((message, at) => ({ ...message, parent_id: messages[at - 1]?.id ?? null }));
}

export async function findMessage(
  trx: TenantTransaction,
  sessionId: string,
  id: string,
): Promise<PlacedMessageRow | undefined> {
  return trx
    .selectFrom('message')
    .select(MESSAGE_COLUMNS)
    .select(siblings.as('siblings'))
    .where('session_id', '=', sessionId)
    .where('id', '=', id)
    .executeTakeFirst() as Promise<PlacedMessageRow | undefined>;
}

export async function deleteMessage(trx: TenantTransaction, sessionId: string, id: string): Promise<void> {
  await unlinkMessages(trx, sessionId, [id]);
  await trx.deleteFrom('message').where('id', '=', id).execute();
}

/** Messages of a session's current branch in the order in which they were said, or backwards, from behind `after` on. */
export async function listMessages(
  trx: TenantTransaction,
  sessionId: string,
  page: { limit: number; order: 'asc' | 'desc'; after: { createdAt: Date; id: string } | null },
): Promise<PlacedMessageRow[]> {
  const { after, order } = page;
  const compare = sql.raw(order === 'asc' ? '>' : '<');
  const rows = await trx
    .selectFrom('message')
    .select(MESSAGE_COLUMNS)
    .select(siblings.as('siblings'))
    .where('session_id', '=', sessionId)
    .where('is_current', '=', true)
    .$if(after !== null, (query) =>
      query.where(sql<boolean>`(created_at, id) ${compare} (${after?.createdAt ?? null}, ${after?.id ?? null})`),
    )
    .orderBy('created_at', order)
    .orderBy('id', order)
    .limit(page.limit)
    .execute();
  return rows as PlacedMessageRow[];
}

/** The branch that ends with this message, whether or not it is the current one, oldest first; its last `limit` messages. */
export async function readBranch(
  trx: TenantTransaction,
  sessionId: string,
  endId: string,
  limit: number,
): Promise<MessageRow[]> {
  const { rows } = await sql<MessageRow>`
    WITH RECURSIVE branch AS (
      SELECT id, parent_id, 1 AS distance FROM message WHERE session_id = ${sessionId}::uuid AND id = ${endId}::uuid
      UNION
      SELECT message.id, message.parent_id, branch.distance + 1 FROM message JOIN branch ON message.id = branch.parent_id
      WHERE message.session_id = ${sessionId}::uuid AND branch.distance < ${limit}
    )
    SELECT message.id, message.session_id, message.run_id, message.parent_id, message.role, message.parts, message.status,
      message.created_at
    FROM branch JOIN message ON message.id = branch.id
    ORDER BY branch.distance DESC`.execute(trx);
  return rows;
}

/** All messages that follow the same one, oldest first. */
const siblings = sql<string[]>`CASE WHEN message.parent_id IS NULL
  THEN ARRAY(SELECT other.id FROM message AS other WHERE other.session_id = message.session_id AND other.parent_id IS NULL
    ORDER BY other.created_at, other.id)
  ELSE ARRAY(SELECT other.id FROM message AS other WHERE other.session_id = message.session_id
    AND other.parent_id = message.parent_id ORDER BY other.created_at, other.id)
  END`;
