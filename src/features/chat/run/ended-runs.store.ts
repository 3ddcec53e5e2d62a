import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { contentOf, type MessagePart } from '../message.ts';

/** A run that has ended and that is to be remembered, with what was said in it. */
export type EndedRun = {
  id: string;
  session_id: string;
  user_id: string;
  /** Whose memory, where a program speaks for many people. */
  subject: string;
  messages: readonly { id: string; role: 'user' | 'assistant'; content: string; created_at: Date }[];
  /** Texts out of memory that the model was given. */
  recalled: readonly string[];
};

type Row = {
  id: string;
  session_id: string;
  user_id: string;
  memory: { subject?: string } | null;
  messages: { id: string; role: 'user' | 'assistant'; parts: MessagePart[]; created_at: string }[] | null;
  recalls: { items: { content: string }[] }[] | null;
};

/**
 * Takes the oldest runs that have ended and that nobody has looked at, and marks them as looked at, in the caller's
 * transaction. Those that ask for no memory are marked only. `left`: whether there may be more.
 */
export async function takeEndedRuns(
  trx: TenantTransaction,
  limit: number,
): Promise<{ runs: EndedRun[]; left: boolean }> {
  const { rows } = await sql<Row>`
    WITH taken AS (
      UPDATE run SET remembered_at = now()
      WHERE id IN (
        SELECT id FROM run WHERE remembered_at IS NULL AND ended_at IS NOT NULL
        ORDER BY ended_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
      )
      RETURNING id, session_id, user_id, message_id, ended_at, request -> 'memory' AS memory
    )
    SELECT taken.id, taken.session_id, taken.user_id, taken.memory,
      CASE WHEN taken.memory IS NOT NULL THEN (
        SELECT json_agg(json_build_object('id', message.id, 'role', message.role, 'parts', message.parts,
          'created_at', message.created_at) ORDER BY message.created_at, message.id)
        FROM message WHERE message.run_id = taken.id AND message.role IN ('user', 'assistant')
      ) END AS messages,
      CASE WHEN taken.memory IS NOT NULL THEN (
        SELECT json_agg(event) FROM run_event, json_array_elements(run_event.events) AS event
        WHERE run_event.run_id = taken.id AND event ->> 'type' = 'recall'
      ) END AS recalls
    FROM taken ORDER BY taken.ended_at`.execute(trx);
  const runs = rows.filter(({ memory }) => memory !== null).map(endedRun);
  return { runs, left: rows.length === limit };
}

function endedRun({ memory, messages, recalls, ...run }: Row): EndedRun {
  return {
    ...run,
    subject: memory?.subject ?? '',
    messages: (messages ?? []).map(({ parts, created_at, ...message }) => ({
      ...message,
      content: contentOf(parts),
      created_at: new Date(created_at),
    })),
    recalled: (recalls ?? []).flatMap(({ items }) => items.map(({ content }) => content)),
  };
}

/** The ids of the messages of the run before this one on its branch; from then on nobody remembers that run. */
export async function passOverPreviousRun(trx: TenantTransaction, sessionId: string, runId: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    WITH previous AS (
      SELECT run_id AS id FROM message
      WHERE session_id = ${sessionId}::uuid AND is_current AND run_id <> ${runId}::uuid
      ORDER BY created_at DESC, message.id DESC LIMIT 1
    ), passed AS (
      UPDATE run SET remembered_at = coalesce(remembered_at, now()) WHERE id IN (SELECT id FROM previous)
    )
    SELECT message.id FROM message WHERE run_id IN (SELECT id FROM previous)`.execute(trx);
  return rows.map(({ id }) => id);
}

/** What these users asked for themselves and has yet to be remembered, or passed over. */
const awaited = (userIds: readonly string[]) => sql<boolean>`
  remembered_at IS NULL AND ended_at IS NOT NULL AND user_id = ANY(${userIds}::uuid[])
  AND request -> 'memory' ->> 'subject' IS NULL`;

export async function countAwaited(trx: TenantTransaction, userIds: readonly string[]): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*) AS count FROM run WHERE ${awaited(userIds)}`.execute(trx);
  return Number(rows[0]?.count ?? 0);
}

/** Has the runs that these users' memory waits for not remembered. Returns how many. */
export async function passOverAwaited(trx: TenantTransaction, userIds: readonly string[]): Promise<number> {
  const { numAffectedRows } = await sql`UPDATE run SET remembered_at = now() WHERE ${awaited(userIds)}`.execute(trx);
  return Number(numAffectedRows ?? 0);
}

/** Whether runs have ended that nobody has looked at. */
export async function hasEndedRuns(trx: TenantTransaction): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    SELECT EXISTS (SELECT FROM run WHERE remembered_at IS NULL AND ended_at IS NOT NULL) AS found`.execute(trx);
  return rows[0]?.found ?? false;
}
