import { type ExpressionBuilder, sql } from 'kysely';
import type { TenantTransaction } from '../../platform/database/database.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { UNFINISHED } from './run/run-machine.ts';

export type SessionRow = {
  id: string;
  user_id: string;
  title: string | null;
  metadata: Record<string, unknown>;
  created_at: Date;
  updated_at: Date;
};

export type SessionSummaryRow = SessionRow & {
  /** On the current branch. */
  message_count: number;
  current_message_id: string | null;
  active_run_id: string | null;
};

const SUMMARY = (eb: ExpressionBuilder<Schema, 'session'>) => [
  messageCount(eb).as('message_count'),
  currentMessage(eb).as('current_message_id'),
  activeRun(eb).as('active_run_id'),
];
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

/** Sessions of the whole tenant. */
export async function countAllSessions(trx: TenantTransaction): Promise<number> {
  const row = await trx
    .selectFrom('session')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Whoever counts the sessions of the same user waits here for the end of the transaction. */
export async function lockSessionsOf(trx: TenantTransaction, userId: string): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`sessions ${userId}`}, 0))`.execute(trx);
}

export async function findSession(trx: TenantTransaction, id: string): Promise<SessionSummaryRow | undefined> {
  return trx.selectFrom('session').select(COLUMNS).select(SUMMARY).where('id', '=', id).executeTakeFirst();
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
    .select(SUMMARY)
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
  ...asked: Parameters<typeof sessionsByBeginning>
): Promise<SessionSummaryRow[]> {
  return sessionsByBeginning(...asked).execute();
}

/** The query of it. */
export function sessionsByBeginning(
  trx: TenantTransaction,
  userId: string,
  { after, order, limit }: { limit: number; order: 'asc' | 'desc'; after: string | null },
) {
  return trx
    .selectFrom('session')
    .select(COLUMNS)
    .select(SUMMARY)
    .where('user_id', '=', userId)
    .where('expires_at', 'is', null)
    .$if(after !== null, (query) =>
      query.where(
        sql<boolean>`(created_at, id) ${sql.raw(order === 'asc' ? '>' : '<')} (${beginningOf(after ?? '')}, ${after})`,
      ),
    )
    .orderBy('created_at', order)
    .orderBy('id', order)
    .limit(limit);
}

/** When a session was begun; of one that is gone, by its id. Not every id tells the time: some dialects make it of a name. */
function beginningOf(id: string) {
  const made = new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16));
  return sql`coalesce((SELECT other.created_at FROM session AS other WHERE other.id = ${id}::uuid), ${made})`;
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

/** The ids of a session's runs that somebody may be working on. Nobody writes to them until the transaction ends: whoever
 * writes has the run first and its session after that, and who deletes the session has to wait in the same order. */
export async function lockUnfinishedRuns(trx: TenantTransaction, id: string): Promise<string[]> {
  const runs = await trx
    .selectFrom('run')
    .select('id')
    .where('session_id', '=', id)
    .where('status', 'in', UNFINISHED)
    .forUpdate()
    .execute();
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

function currentMessage(eb: ExpressionBuilder<Schema, 'session'>) {
  return eb
    .selectFrom('message')
    .whereRef('message.session_id', '=', 'session.id')
    .where('message.is_current', '=', true)
    .select('message.id')
    .orderBy('message.created_at', 'desc')
    .orderBy('message.id', 'desc')
    .limit(1)
    .$asScalar();
}

function messageCount(eb: ExpressionBuilder<Schema, 'session'>) {
  return eb
    .selectFrom('message')
    .whereRef('message.session_id', '=', 'session.id')
    .where('message.is_current', '=', true)
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
