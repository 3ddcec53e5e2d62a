import { CompiledQuery, sql } from 'kysely';
import type { AnswerFormat, ReasoningEffort } from '../../../ai/chat-model.ts';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { MessageRole, MessageStatus, RunStatus } from '../../../platform/database/schema.ts';
import type { Payer } from '../../usage/index.ts';
import { lockSession, unlinkMessages } from '../branch.store.ts';
import { INSERT_INPUT, inputRows, type MessageRow } from '../message.store.ts';
import type { MessagePart } from '../message.ts';
import { type RunFault, type RunUsage, storableJson } from './event.ts';
import { HELD, UNFINISHED } from './run-machine.ts';
import type { ToolChoice, ToolRequest } from './tool-request.ts';

/** What was asked for, kept with the run so that another worker can go on with it. */
export type RunRequest = {
  instructions: string | null;
  /** The tenant's, as they stood when the run was begun: before the run's own. No request sets them. */
  tenant_instructions?: string;
  /** The model gives the session a title after the first answer, where nobody gave one. */
  wants_title?: true;
  retrieval: RetrievalRequest;
  max_output_tokens: number | null;
  temperature: number | null;
  metadata: Record<string, unknown>;
  /** The API key that asked, for its budget. */
  api_key_id?: string;
  /** Texts at which the model stops. */
  stop?: readonly string[];
  /** The model gets all messages of the session, because the client says what it shall know; otherwise the recent ones. */
  whole_history?: boolean;
  /** There: the run recalls and is remembered; `subject` is whose memory, where a program speaks for many people. */
  memory?: { subject?: string };
  tools?: readonly ToolRequest[];
  tool_choice?: ToolChoice;
  answer_format?: AnswerFormat;
  /** Rounds of model and tools at most; default: the installation's. */
  max_steps?: number;
  /** `end`: a run that calls a client's tool ends there, and its output comes with another run; nobody is asked for approval.
   * Default: it waits. */
  client_tools?: 'wait' | 'end';
  /** 0 to 1. */
  top_p?: number;
  /** What not every model knows; one that does not is asked without it. */
  wishes?: RunWishes;
  /** At most one call in each step. */
  parallel_tool_calls?: false;
  /** The trace that it belongs to, whichever worker goes on with it; there only where requests are traced. */
  trace?: string;
  /** What the dialect that asked has to say again when it renders the run. Nothing else reads it. */
  dialect?: Readonly<Record<string, unknown>>;
};

export type RunWishes = {
  reasoning_effort?: ReasoningEffort;
  verbosity?: 'low' | 'medium' | 'high';
  seed?: number;
  presence_penalty?: number;
  frequency_penalty?: number;
};

export type RetrievalRequest = {
  mode: 'auto' | 'off' | 'hybrid' | 'dense' | 'sparse';
  top_k: number | null;
  filter: {
    document_ids?: readonly string[];
    source_ids?: readonly string[];
    metadata?: Record<string, unknown>;
  } | null;
};

export type RunRow = {
  id: string;
  session_id: string;
  user_id: string;
  message_id: string;
  /** The message that it answers. */
  parent_id: string | null;
  status: RunStatus;
  model: string;
  request: RunRequest;
  attempt: number;
  /** Workers that died, or were taken for dead, while they held it. */
  lost_workers: number;
  cancel_requested_at: Date | null;
  last_seq: number;
  usage: RunUsage | null;
  error: RunFault | null;
  created_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
  /** Of a waiting run. */
  waiting_for: readonly AwaitedCall[] | null;
  /** Of a waiting run, and of one that was taken up because nobody answered until then. */
  wait_until: Date | null;
};

/** Who is charged for what a run does. */
export function payerOf({ user_id, request }: Pick<RunRow, 'user_id' | 'request'>): Payer {
  return { userId: user_id, apiKeyId: request.api_key_id ?? null };
}

/** A tool call that a run waits for: for the client's output, or for its word. */
export type AwaitedCall = { id: string; name: string; input: unknown; needs: 'output' | 'approval' };

export const RUN_COLUMNS = [
  'id',
  'session_id',
  'user_id',
  'message_id',
  'parent_id',
  'status',
  'model',
  'request',
  'attempt',
  'lost_workers',
  'cancel_requested_at',
  'last_seq',
  'usage',
  'error',
  'created_at',
  'started_at',
  'ended_at',
  'waiting_for',
  'wait_until',
] as const;

export type NewRun = {
  id: string;
  sessionId: string;
  userId: string;
  workerId: string;
  model: string;
  request: RunRequest;
  messageId: string;
  /** Set: the session is made with the run; `lifetime` in ms where it ends by itself. */
  newSession: { metadata: Record<string, unknown>; expiresAt: Date | null; lifetime?: number } | null;
  /** What comes with the run, oldest first; the last one is the question. */
  messages: readonly { id: string; role: MessageRole; parts: readonly MessagePart[] }[];
  /** Given to the session when it has no title; null where the question gives none. */
  title: string | null;
  firstEvent: string;
};

/**
 * Saves runs, the first event of each and the messages that it brings, in a new session or in one of its user's. One
 * statement, so that they cost one round trip. Gives each run, or no row where there is no such session of the user.
 * Send `findByKeys` before it, and no two runs of one session.
 * Throws a unique violation on `run_one_unfinished` when a session has an unfinished run.
 */
export function insertRuns(runs: readonly NewRun[]): CompiledQuery<RunRow> {
  // All take sessions in the same order, so that two such transactions cannot each wait for the other.
  const inOrder = runs.toSorted((one, other) => (one.sessionId < other.sessionId ? -1 : 1));
  return CompiledQuery.raw(INSERT_RUNS, [`[${inOrder.map(newRunJson).join(',')}]`]) as CompiledQuery<RunRow>;
}

const INSERT_RUNS = `WITH asked AS (
         SELECT * FROM json_to_recordset($1::json) AS a(id uuid, session_id uuid, user_id uuid, lease_owner uuid,
           message_id uuid, question_id uuid, model text, request json, event json, messages json, title text,
           is_new boolean, metadata jsonb, expires_at timestamptz)
       ), touched AS (
         UPDATE session SET updated_at = now(), title = coalesce(session.title, asked.title),
           title_made = session.title_made OR session.title IS NULL
         FROM asked WHERE session.id = asked.session_id AND session.user_id = asked.user_id AND NOT asked.is_new
         RETURNING session.id
       ), made AS (
         INSERT INTO session (id, user_id, title, title_made, metadata, expires_at)
         SELECT session_id, user_id, title, true, metadata, expires_at FROM asked WHERE is_new RETURNING id
       ), own_session AS (
         SELECT asked.session_id AS id, asked.id AS run_id, asked.messages FROM asked
         WHERE session_id IN (SELECT id FROM touched UNION ALL SELECT id FROM made)
       ), ${INSERT_INPUT}, new_run AS (
         INSERT INTO run (id, session_id, user_id, message_id, parent_id, status, model, request, attempt, lease_owner,
           last_seq, started_at)
         SELECT asked.id, asked.session_id, asked.user_id, asked.message_id, coalesce(asked.question_id, leaf.id), 'running',
           asked.model, asked.request, 1, asked.lease_owner, 1, now()
         FROM own_session JOIN asked ON asked.id = own_session.run_id LEFT JOIN leaf ON leaf.session_id = own_session.id
         RETURNING ${RUN_COLUMNS.join(', ')}
       ), first_event AS (
         INSERT INTO run_event (run_id, first_seq, last_seq, events)
         SELECT new_run.id, 1, 1, asked.event FROM new_run JOIN asked ON asked.id = new_run.id
       )
       SELECT ${RUN_COLUMNS.join(', ')} FROM new_run`;

function newRunJson({ newSession, messages, firstEvent, ...run }: NewRun): string {
  const row = storableJson({
    id: run.id,
    session_id: run.sessionId,
    user_id: run.userId,
    lease_owner: run.workerId,
    message_id: run.messageId,
    question_id: messages.at(-1)?.id ?? null,
    model: run.model,
    request: run.request,
    messages: inputRows(messages),
    title: run.title,
    is_new: newSession !== null,
    metadata: newSession?.metadata ?? null,
    expires_at: newSession?.expiresAt ?? null,
  });
  return `${row.slice(0, -1)},"event":[${firstEvent}]}`;
}

export async function findRun(trx: TenantTransaction, id: string): Promise<RunRow | undefined> {
  return trx.selectFrom('run').select(RUN_COLUMNS).where('id', '=', id).executeTakeFirst() as Promise<
    RunRow | undefined
  >;
}

export type RunPlace = { status: RunStatus; last_seq: number; lease_owner: string | null };

/** Where a run stands and who holds it. */
export async function findRunPlace(trx: TenantTransaction, id: string): Promise<RunPlace | undefined> {
  return trx
    .selectFrom('run')
    .select(['status', 'last_seq', 'lease_owner'])
    .where('id', '=', id)
    .executeTakeFirst() as Promise<RunPlace | undefined>;
}

export type UnfinishedRun = Pick<RunRow, 'id' | 'cancel_requested_at' | 'last_seq' | 'waiting_for'> & {
  lease_owner: string | null;
};

export async function findUnfinishedRun(trx: TenantTransaction, sessionId: string): Promise<UnfinishedRun | undefined> {
  return trx
    .selectFrom('run')
    .select(['id', 'lease_owner', 'cancel_requested_at', 'last_seq', 'waiting_for'])
    .where('session_id', '=', sessionId)
    .where('status', 'in', UNFINISHED)
    .executeTakeFirst() as Promise<UnfinishedRun | undefined>;
}

/** The message that the newest run answers whose client called its question so: `message_id` of the run's dialect. */
export async function findQuestionNamed(
  trx: TenantTransaction,
  sessionId: string,
  name: string,
): Promise<string | null> {
  const found = await trx
    .selectFrom('run')
    .select('parent_id')
    .where('session_id', '=', sessionId)
    .where(sql<string>`request #>> '{dialect,message_id}'`, '=', name)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return found?.parent_id ?? null;
}

/** Asks the run's worker to stop. Returns false when the run has already ended. */
export async function requestCancel(trx: TenantTransaction, runId: string): Promise<boolean> {
  const result = await trx
    .updateTable('run')
    .set({ cancel_requested_at: sql`coalesce(cancel_requested_at, now())` })
    .where('id', '=', runId)
    .where('status', 'in', UNFINISHED)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function readCancelRequests(trx: TenantTransaction, runIds: readonly string[]): Promise<string[]> {
  const rows = await trx
    .selectFrom('run')
    .select('id')
    .where('id', 'in', [...runIds])
    .where('cancel_requested_at', 'is not', null)
    .execute();
  return rows.map(({ id }) => id);
}

export type HistoryRow = {
  id: string;
  role: MessageRole;
  parts: MessagePart[];
  run_id: string | null;
  status: MessageStatus;
};

/** Newest first; null where the session has none. */
export type SessionHistory = { session_id: string; messages: HistoryRow[] | null };

/** The last messages of a session's current branch, oldest first. */
export async function readHistory(trx: TenantTransaction, sessionId: string, limit: number): Promise<HistoryRow[]> {
  const { rows } = await trx.executeQuery(newestMessages([{ sessionId, limit }]));
  return rows[0]?.messages?.toReversed() ?? [];
}

/** The last messages of the current branch of each of these sessions. */
export function newestMessages(
  sessions: readonly { sessionId: string; limit: number }[],
): CompiledQuery<SessionHistory> {
  const asked = sessions.map(({ sessionId, limit }) => ({ session_id: sessionId, most: limit }));
  return CompiledQuery.raw(NEWEST_MESSAGES, [JSON.stringify(asked)]) as CompiledQuery<SessionHistory>;
}

// One value a session: it is read far faster than as many rows.
const NEWEST_MESSAGES = `SELECT asked.session_id, (
    SELECT json_agg(newest) FROM (
      SELECT id, role, parts, run_id, status FROM message
      WHERE message.session_id = asked.session_id AND is_current ORDER BY created_at DESC, id DESC LIMIT asked.most
    ) AS newest
  ) AS messages
  FROM json_to_recordset($1::json) AS asked(session_id uuid, most integer)`;

/** Takes over the unfinished runs, or the one, that a dead worker held in this tenant. Raises their attempt: the fence. */
export async function adoptRuns(trx: TenantTransaction, dead: string, own: string, runId?: string): Promise<RunRow[]> {
  const rows = await trx
    .updateTable('run')
    .set((eb) => ({
      attempt: eb('attempt', '+', 1),
      lost_workers: eb('lost_workers', '+', 1),
      lease_owner: own,
      status: 'running' as const,
    }))
    .where('lease_owner', '=', dead)
    .where('status', 'in', HELD)
    .$if(runId !== undefined, (query) => query.where('id', '=', runId ?? ''))
    .returning(RUN_COLUMNS)
    .execute();
  return rows as RunRow[];
}

/** Whether the session's current branch ends with this run, and whether the session is a temporary one. */
export async function placeInSession(
  trx: TenantTransaction,
  run: RunRow,
): Promise<{ isLast: boolean; isTemporary: boolean }> {
  const { rows } = await sql<{ is_last: boolean | null; is_temporary: boolean }>`
    SELECT session.expires_at IS NOT NULL AS is_temporary, (
      SELECT last.run_id = ${run.id}::uuid OR last.id = ${run.parent_id}::uuid
          AND NOT EXISTS (SELECT FROM message AS answer WHERE answer.id = ${run.message_id}::uuid)
      FROM message AS last WHERE last.session_id = session.id AND last.is_current
      ORDER BY last.created_at DESC, last.id DESC LIMIT 1
    ) AS is_last
    FROM session WHERE session.id = ${run.session_id}::uuid`.execute(trx);
  return { isLast: rows[0]?.is_last ?? false, isTemporary: rows[0]?.is_temporary ?? false };
}

/** The messages that a run brought, oldest first; for one that answers a message anew, that message. */
export async function readInputs(trx: TenantTransaction, run: RunRow): Promise<MessageRow[]> {
  const rows = await trx
    .selectFrom('message')
    .select(['id', 'session_id', 'run_id', 'parent_id', 'role', 'parts', 'status', 'created_at'])
    .where('session_id', '=', run.session_id)
    .where((eb) => eb.or([eb('run_id', '=', run.id), eb('id', '=', run.parent_id).and('role', '=', 'user')]))
    .where('id', '!=', run.message_id)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows as MessageRow[];
}

/** Deletes a run, which the caller has locked, with its events and messages, and its session where no other message is left.
 * Whoever writes takes the run first and then its session, so the same is done here. */
export async function deleteRun(trx: TenantTransaction, run: RunRow): Promise<void> {
  await lockSession(trx, run.session_id);
  const own = await trx.selectFrom('message').select('id').where('run_id', '=', run.id).execute();
  const ids = own.map(({ id }) => id);
  await unlinkMessages(trx, run.session_id, ids);
  await trx.deleteFrom('message').where('run_id', '=', run.id).execute();
  await trx.deleteFrom('run').where('id', '=', run.id).execute();
  await trx
    .deleteFrom('session')
    .where('id', '=', run.session_id)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('message').select('message.id').whereRef('message.session_id', '=', 'session.id'))),
    )
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('run').select('run.id').whereRef('run.session_id', '=', 'session.id'))),
    )
    .execute();
}
