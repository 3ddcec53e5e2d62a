import { type ExpressionBuilder, sql } from 'kysely';
import type { TenantTransaction } from '../../platform/database/database.ts';
import type { MessageRole, MessageStatus, Schema } from '../../platform/database/schema.ts';
import type { MessagePart } from './message.ts';
import { UNFINISHED } from './run/run-machine.ts';

export type SessionRow = {
  id: string;
  user_id: string;
  title: string | null;
  metadata: Record<string, unknown>;
  created_at: Date;
  updated_at: Date;
};

export type SessionSummaryRow = SessionRow & { message_count: number; active_run_id: string | null };

export type MessageRow = {
  id: string;
  session_id: string;
  run_id: string | null;
  role: MessageRole;
  parts: readonly MessagePart[];
  status: MessageStatus;
  created_at: Date;
};

const MESSAGE_COLUMNS = ['id', 'session_id', 'run_id', 'role', 'parts', 'status', 'created_at'] as const;
const COLUMNS = ['id', 'user_id', 'title', 'metadata', 'created_at', 'updated_at'] as const;

export async function insertSession(
  trx: TenantTransaction,
  session: {
    id: string;
    userId: string;
    title: string | null;
    metadata: Record<string, unknown>;
    origin?: string | null;
    /** From then on it may be deleted, and is in no list. */
    expiresAt?: Date | null;
  },
): Promise<SessionRow> {
  return trx
    .insertInto('session')
    .values({
      id: session.id,
      user_id: session.userId,
      title: session.title,
      metadata: JSON.stringify(session.metadata),
      origin: session.origin ?? null,
      expires_at: session.expiresAt ?? null,
    })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
}

export async function findSession(trx: TenantTransaction, id: string): Promise<SessionSummaryRow | undefined> {
  return trx
    .selectFrom('session')
    .select(COLUMNS)
    .select((eb) => [messageCount(eb).as('message_count'), activeRun(eb).as('active_run_id')])
    .where('id', '=', id)
    .executeTakeFirst();
}

/** Whose session it is; undefined where there is none. */
export async function sessionOwner(trx: TenantTransaction, id: string): Promise<string | undefined> {
  const row = await trx.selectFrom('session').select('user_id').where('id', '=', id).executeTakeFirst();
  return row?.user_id;
}

/** A user's sessions, newest updated first, from behind `before` on. */
export async function listSessions(
  trx: TenantTransaction,
  userId: string,
  page: { limit: number; before: { updatedAt: Date; id: string } | null },
): Promise<SessionSummaryRow[]> {
  const { before } = page;
  return trx
    .selectFrom('session')
    .select(COLUMNS)
    .select((eb) => [messageCount(eb).as('message_count'), activeRun(eb).as('active_run_id')])
    .where('user_id', '=', userId)
    .where('expires_at', 'is', null)
    .$if(before !== null, (query) =>
      query.where(sql<boolean>`(updated_at, id) < (${before?.updatedAt ?? null}, ${before?.id ?? null})`),
    )
    .orderBy('updated_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit)
    .execute();
}

/** Sessions of a user that a dialect counts, used since `since`. Until the transaction ends the user begins no other one. */
export async function countSessionsOf(
  trx: TenantTransaction,
  userId: string,
  origin: string,
  since: Date,
): Promise<number> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`session:${userId}`}, 0))`.execute(trx);
  const { count } = await trx
    .selectFrom('session')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .where('origin', '=', origin)
    .where('updated_at', '>=', since)
    .where('expires_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** A user's sessions in the order in which they were begun, or backwards, from behind `after` on. */
export async function listSessionsByBeginning(
  trx: TenantTransaction,
  userId: string,
  page: { limit: number; order: 'asc' | 'desc'; after: string | null },
): Promise<SessionSummaryRow[]> {
  const { after, order, limit } = page;
  return trx
    .selectFrom('session')
    .select(COLUMNS)
    .select((eb) => [messageCount(eb).as('message_count'), activeRun(eb).as('active_run_id')])
    .where('user_id', '=', userId)
    .where('expires_at', 'is', null)
    .$if(after !== null, (query) => query.where('id', order === 'asc' ? '>' : '<', after ?? ''))
    .orderBy('id', order)
    .limit(limit)
    .execute();
}

export async function countSessions(trx: TenantTransaction, userId: string): Promise<number> {
  const { count } = await trx
    .selectFrom('session')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .where('expires_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function updateSession(
  trx: TenantTransaction,
  id: string,
  change: { title?: string | null; metadata?: Record<string, unknown> },
): Promise<void> {
  await trx
    .updateTable('session')
    .set({
      ...(change.title !== undefined && { title: change.title, title_made: false }),
      ...(change.metadata !== undefined && { metadata: JSON.stringify(change.metadata) }),
      updated_at: new Date(),
    })
    .where('id', '=', id)
    .execute();
}

/** Whether the title is still the one that was made from the first question. */
export async function hasMadeTitle(trx: TenantTransaction, id: string): Promise<boolean> {
  const row = await trx.selectFrom('session').select('title_made').where('id', '=', id).executeTakeFirst();
  return row?.title_made ?? false;
}

/** Takes the place of a title that was made from the first question, and of no other. */
export async function replaceMadeTitle(trx: TenantTransaction, id: string, title: string): Promise<void> {
  await trx
    .updateTable('session')
    .set({ title, title_made: false })
    .where('id', '=', id)
    .where('title_made', '=', true)
    .execute();
}

/** Deletes a session with its messages, runs and events. Returns the ids of its runs. */
export async function deleteSession(trx: TenantTransaction, id: string): Promise<string[]> {
  const runs = await trx.selectFrom('run').select('id').where('session_id', '=', id).execute();
  await trx.deleteFrom('session').where('id', '=', id).execute();
  return runs.map((run) => run.id);
}

/** Deletes temporary sessions whose time is over, except those that still answer. Returns how many. */
export async function deleteExpiredSessions(trx: TenantTransaction, now: Date, limit: number): Promise<number> {
  const result = await trx
    .deleteFrom('session')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('session')
        .select('id')
        .where('expires_at', '<', now)
        .where((where) => where.not(where.exists(activeRun(where))))
        .limit(limit),
    )
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** Adds messages at a session's end, in their order. Locks the session, so that no run begins meanwhile. */
export async function insertMessages(
  trx: TenantTransaction,
  sessionId: string,
  messages: readonly { id: string; role: MessageRole; parts: readonly MessagePart[] }[],
): Promise<MessageRow[]> {
  await updateSession(trx, sessionId, {});
  if (messages.length === 0) return [];
  const values = messages.map(({ id, role, parts }) => ({
    id,
    session_id: sessionId,
    role,
    parts: JSON.stringify(parts),
    status: 'complete' as const,
  }));
  const rows = await trx.insertInto('message').values(values).returning(MESSAGE_COLUMNS).execute();
  return rows as MessageRow[];
}

export async function findMessage(
  trx: TenantTransaction,
  sessionId: string,
  id: string,
): Promise<MessageRow | undefined> {
  return trx
    .selectFrom('message')
    .select(MESSAGE_COLUMNS)
    .where('session_id', '=', sessionId)
    .where('id', '=', id)
    .executeTakeFirst() as Promise<MessageRow | undefined>;
}

export async function deleteMessage(trx: TenantTransaction, id: string): Promise<void> {
  await trx.deleteFrom('message').where('id', '=', id).execute();
}

/** Messages of a session in the order in which they were said, or backwards, from behind `after` on. */
export async function listMessages(
  trx: TenantTransaction,
  sessionId: string,
  page: { limit: number; order: 'asc' | 'desc'; after: { createdAt: Date; id: string } | null },
): Promise<MessageRow[]> {
  const { after, order } = page;
  const compare = sql.raw(order === 'asc' ? '>' : '<');
  const rows = await trx
    .selectFrom('message')
    .select(MESSAGE_COLUMNS)
    .where('session_id', '=', sessionId)
    .$if(after !== null, (query) =>
      query.where(sql<boolean>`(created_at, id) ${compare} (${after?.createdAt ?? null}, ${after?.id ?? null})`),
    )
    .orderBy('created_at', order)
    .orderBy('id', order)
    .limit(page.limit)
    .execute();
  return rows as MessageRow[];
}

function messageCount(eb: ExpressionBuilder<Schema, 'session'>) {
  return eb
    .selectFrom('message')
    .whereRef('message.session_id', '=', 'session.id')
    .select((count) => count.fn.countAll<number>().as('count'))
    .$asScalar()
    .$notNull();
}

function activeRun(eb: ExpressionBuilder<Schema, 'session'>) {
  return eb
    .selectFrom('run')
    .whereRef('run.session_id', '=', 'session.id')
    .where('run.status', 'in', UNFINISHED)
    .select('run.id')
    .limit(1)
    .$asScalar();
}
