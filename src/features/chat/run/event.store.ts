import { CompiledQuery } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { MessageStatus } from '../../../platform/database/schema.ts';
import type { MessagePart } from '../message.ts';
import { type LoggedEvent, type RunEndStatus, type RunFault, type RunUsage, storableJson } from './event.ts';
import type { AwaitedCall } from './run.store.ts';

/** A stretch of one run's log that is to be written, with the run's end where it ends. */
export type Append = {
  runId: string;
  attempt: number;
  firstSeq: number;
  lastSeq: number;
  /** The events' JSON, joined by commas. */
  events: string;
  end: RunEnd | null;
  /** The run waits behind this stretch: from then on nobody holds it. */
  wait?: RunWait | null;
};

export type RunWait = { until: Date; calls: readonly AwaitedCall[] };

export type RunEnd = {
  status: RunEndStatus;
  usage: RunUsage | null;
  error: RunFault | null;
  /** Null where nothing was said. */
  message: { parts: readonly MessagePart[]; status: MessageStatus } | null;
};

/**
 * Appends to the logs of many runs in one statement, and ends those that end. A run is written only while this attempt
 * holds it and its log ends just before the stretch; the ids of those that were written come back.
 */
export function appendEvents(appends: readonly Append[]): CompiledQuery<{ id: string }> {
  return CompiledQuery.raw(APPEND, [`[${appends.map(appendJson).join(',')}]`]) as CompiledQuery<{ id: string }>;
}

/** Which of these stretches the logs already end with, under the same attempt. */
export async function findAppended(trx: TenantTransaction, appends: readonly Append[]): Promise<string[]> {
  const rows = await trx
    .selectFrom('run')
    .select(['id', 'attempt', 'last_seq'])
    .where(
      'id',
      'in',
      appends.map(({ runId }) => runId),
    )
    .execute();
  return appends
    .filter((append) =>
      rows.some((row) => row.id === append.runId && row.attempt === append.attempt && row.last_seq === append.lastSeq),
    )
    .map(({ runId }) => runId);
}

// The run's status is compared so that the partial index of unfinished runs is of no use: each run that ends leaves a dead
// entry in it, and one such index may hold more of them than there are runs.
const APPEND = `WITH stretch AS (
  SELECT * FROM json_to_recordset($1::json) AS s(
    run_id uuid, attempt integer, first_seq integer, last_seq integer, events json,
    status text, usage jsonb, error jsonb, parts json, message_status text,
    waiting_for json, wait_until timestamptz)
), held AS (
  UPDATE run SET
    last_seq = s.last_seq,
    status = coalesce(s.status, run.status),
    usage = coalesce(s.usage, run.usage),
    error = s.error,
    ended_at = CASE WHEN s.status IS NULL OR s.status = 'waiting' THEN NULL ELSE clock_timestamp() END,
    lease_owner = CASE WHEN s.status IS NULL THEN run.lease_owner END,
    waiting_for = s.waiting_for,
    wait_until = coalesce(s.wait_until, run.wait_until)
  FROM stretch s
  WHERE run.id = s.run_id AND run.attempt = s.attempt AND run.status IS NOT DISTINCT FROM 'running'
    AND run.last_seq = s.first_seq - 1
  RETURNING run.id, run.session_id, run.message_id, run.parent_id,
    s.first_seq, s.last_seq, s.events, s.status AS new_status, s.parts, s.message_status
), written AS (
  INSERT INTO run_event (run_id, first_seq, last_seq, events) SELECT id, first_seq, last_seq, events FROM held
), answered AS (
  INSERT INTO message (id, session_id, run_id, parent_id, role, parts, status, created_at)
  SELECT message_id, session_id, id, parent_id, 'assistant', parts, message_status,
    greatest(clock_timestamp(), (SELECT asked.created_at FROM message AS asked WHERE asked.id = held.parent_id)
      + interval '1 millisecond')
  FROM held WHERE parts IS NOT NULL
), touched AS (
  UPDATE session SET updated_at = now() FROM held WHERE session.id = held.session_id AND held.new_status IS NOT NULL
)
SELECT id FROM held`;

function appendJson({ runId, attempt, firstSeq, lastSeq, events, end, wait }: Append): string {
  const head = `{"run_id":"${runId}","attempt":${attempt},"first_seq":${firstSeq},"last_seq":${lastSeq},"events":[${events}]`;
  if (wait) return `${head},${waitJson(wait).slice(1)}`;
  if (!end) return `${head}}`;
  const { status, usage, error, message } = end;
  const tail = storableJson({
    status,
    ...(usage && { usage }),
    ...(error && { error }),
    ...(message && { parts: message.parts, message_status: message.status }),
  });
  return `${head},${tail.slice(1)}`;
}

function waitJson({ until, calls }: RunWait): string {
  return storableJson({ status: 'waiting', waiting_for: calls, wait_until: until.toISOString() });
}

/** The stretches of the log behind `after`, oldest first, `limit` stretches at most. */
export async function readEvents(
  trx: TenantTransaction,
  runId: string,
  after: number,
  limit: number,
): Promise<LoggedEvent[]> {
  const rows = await trx
    .selectFrom('run_event')
    .select(['first_seq', 'events'])
    .where('run_id', '=', runId)
    .where('last_seq', '>', after)
    .orderBy('first_seq')
    .limit(limit)
    .execute();
  return (rows.flatMap(({ events }) => events) as LoggedEvent[]).filter(({ seq }) => seq > after);
}
