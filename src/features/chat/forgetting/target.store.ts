import { type RawBuilder, sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { subjectOf, type Target } from '../../tenancy/index.ts';
import { deleteMessage } from '../message.store.ts';
import { UNFINISHED } from '../run/run-machine.ts';

/** Which sessions go with a target; null: none. A session in which a program spoke for somebody is that person's. */
function sessionsOf({ kind, ids }: Target): RawBuilder<boolean> | null {
  if (kind === 'session') return sql`session.id = ANY(${ids}::uuid[])`;
  if (kind === 'user') return sql`session.user_id = ANY(${ids}::uuid[])`;
  if (kind !== 'subject') return null;
  const owners = ids.map(subjectOf);
  return sql`EXISTS (
    SELECT FROM run JOIN unnest(${owners.map(({ userId }) => userId)}::uuid[], ${owners.map(({ subject }) => subject)}::text[])
      AS owner (user_id, subject) ON owner.user_id = session.user_id AND run.request -> 'memory' ->> 'subject' = owner.subject
    WHERE run.session_id = session.id)`;
}

export type SessionCounts = {
  sessions: number;
  messages: number;
  runs: number;
  run_events: number;
  feedback: number;
  attachments: number;
};

const NOTHING: SessionCounts = { sessions: 0, messages: 0, runs: 0, run_events: 0, feedback: 0, attachments: 0 };

export async function countSessionsOf(trx: TenantTransaction, target: Target): Promise<SessionCounts> {
  const found = sessionsOf(target);
  if (!found) return NOTHING;
  const { rows } = await sql<SessionCounts>`
    WITH meant AS (SELECT id FROM session WHERE ${found}) SELECT ${counted}`.execute(trx);
  return numbersIn(rows[0]);
}

/** What hangs on the sessions in `meant`. */
const counted = sql`
  (SELECT count(*) FROM meant) AS sessions,
  (SELECT count(*) FROM message WHERE session_id IN (SELECT id FROM meant)) AS messages,
  (SELECT count(*) FROM run WHERE session_id IN (SELECT id FROM meant)) AS runs,
  (SELECT count(*) FROM run_event JOIN run ON run.id = run_event.run_id
    WHERE run.session_id IN (SELECT id FROM meant)) AS run_events,
  (SELECT count(*) FROM feedback WHERE session_id IN (SELECT id FROM meant)) AS feedback,
  (SELECT count(*) FROM attachment WHERE session_id IN (SELECT id FROM meant)) AS attachments`;

/** Deletes sessions of a target with all that hangs on them, and counts it. */
export async function deleteSessionsOf(trx: TenantTransaction, target: Target, limit: number): Promise<SessionCounts> {
  const found = sessionsOf(target);
  if (!found) return NOTHING;
  // All parts of one statement see what was there before it.
  const { rows } = await sql<SessionCounts>`
    WITH meant AS MATERIALIZED (SELECT id FROM session WHERE ${found} ORDER BY id LIMIT ${limit}),
      gone AS (DELETE FROM session WHERE id IN (SELECT id FROM meant))
    SELECT ${counted}`.execute(trx);
  return numbersIn(rows[0]);
}

function numbersIn(row: SessionCounts | undefined): SessionCounts {
  if (!row) return NOTHING;
  return Object.fromEntries(Object.entries(row).map(([name, count]) => [name, Number(count)])) as SessionCounts;
}

export type MessageCounts = Pick<SessionCounts, 'messages' | 'runs' | 'run_events'>;

/** The runs that said these messages, unless they are still at it: their events have every word. */
const saidBy = (ids: readonly string[]) => sql`
  SELECT run.id FROM message JOIN run ON run.id = message.run_id
  WHERE message.id = ANY(${ids}::uuid[]) AND run.status NOT IN (${sql.join([...UNFINISHED])})`;

export async function countMessages(trx: TenantTransaction, ids: readonly string[]): Promise<MessageCounts> {
  const { rows } = await sql<SessionCounts>`
    SELECT (SELECT count(*) FROM message WHERE id = ANY(${ids}::uuid[])) AS messages,
      (SELECT count(DISTINCT id) FROM (${saidBy(ids)}) AS said) AS runs,
      (SELECT count(*) FROM run_event WHERE run_id IN (${saidBy(ids)})) AS run_events`.execute(trx);
  return numbersIn(rows[0]);
}

export async function deleteMessages(trx: TenantTransaction, ids: readonly string[]): Promise<MessageCounts> {
  const { rows } = await sql<SessionCounts>`
    WITH said AS MATERIALIZED (${saidBy(ids)}),
      runs AS (DELETE FROM run WHERE id IN (SELECT id FROM said) RETURNING 1),
      events AS (SELECT count(*) AS count FROM run_event WHERE run_id IN (SELECT id FROM said))
    SELECT 0 AS messages, (SELECT count(*) FROM runs) AS runs, (SELECT count FROM events) AS run_events`.execute(trx);
  const places = await trx
    .selectFrom('message')
    .select(['id', 'session_id'])
    .where('id', 'in', [...ids])
    .execute();
  // One by one: what was said after each of them is tied to what was said before it.
  for (const { id, session_id } of places) await deleteMessage(trx, session_id, id);
  return { ...numbersIn(rows[0]), messages: places.length };
}

/** What a user thought of messages that stay. */
export async function deleteFeedbackOf(trx: TenantTransaction, userIds: readonly string[]): Promise<number> {
  const { numDeletedRows } = await trx
    .deleteFrom('feedback')
    .where('user_id', 'in', [...userIds])
    .executeTakeFirst();
  return Number(numDeletedRows);
}

export async function ownerOfMessage(trx: TenantTransaction, id: string): Promise<{ user_id: string } | undefined> {
  return trx
    .selectFrom('message')
    .innerJoin('session', 'session.id', 'message.session_id')
    .select('session.user_id')
    .where('message.id', '=', id)
    .executeTakeFirst();
}

type Stretch = {
  run_id: string;
  first_seq: number;
  events: { type: string; items?: { message_id: string | null }[] }[];
};

export type StretchPlace = { run_id: string; first_seq: number };
export type StretchPage = { after: StretchPlace | null; limit: number };

/** Takes quotes of these memories out of events that tell what memory gave to an answer. Looks at `limit` stretches behind
 * `after`; the last one's place, or null at the end. */
export async function unquote(
  trx: TenantTransaction,
  memoryIds: readonly string[],
  page: StretchPage,
): Promise<{ last: StretchPlace | null; changed: number }> {
  const { after, limit } = page;
  const { rows } = await sql<Stretch>`
    SELECT run_id, first_seq, events FROM run_event
    WHERE (${after?.run_id ?? null}::uuid IS NULL OR (run_id, first_seq) > (${after?.run_id ?? null}::uuid, ${after?.first_seq ?? 0}))
      AND strpos(events::text, '"recall"') > 0
      AND EXISTS (SELECT FROM unnest(${memoryIds}::text[]) AS forgotten (id) WHERE strpos(events::text, forgotten.id) > 0)
    ORDER BY run_id, first_seq LIMIT ${limit}`.execute(trx);
  const forgotten = new Set(memoryIds);
  let changed = 0;
  for (const { run_id, first_seq, events } of rows) {
    const clean = events.map((event) =>
      event.type === 'recall' && event.items
        ? { ...event, items: event.items.filter(({ message_id }) => !message_id || !forgotten.has(message_id)) }
        : event,
    );
    await sql`UPDATE run_event SET events = ${JSON.stringify(clean)}::json
      WHERE run_id = ${run_id} AND first_seq = ${first_seq}`.execute(trx);
    changed += 1;
  }
  const last = rows.at(-1);
  return { last: rows.length === limit && last ? { run_id: last.run_id, first_seq: last.first_seq } : null, changed };
}
