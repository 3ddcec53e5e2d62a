import { CompiledQuery, sql } from 'kysely';
import type { Db, TenantTransaction } from '../../../platform/database/database.ts';

/** Reads what other features keep, and changes nothing. `userId` null: the whole tenant's. */

export type Totals = {
  messages: number;
  messages_today: number;
  messages_last_7_days: number;
  messages_last_30_days: number;
  sessions: number;
  sessions_active: number;
  completed: number;
  failed: number;
  cancelled: number;
  unfinished: number;
  memories: number;
  avg_importance: number | null;
};

const TOTALS = `WITH own AS MATERIALIZED (
  SELECT id FROM session WHERE expires_at IS NULL AND ($1::uuid IS NULL OR user_id = $1)
), said AS (
  SELECT count(*)::bigint AS messages,
    count(*) FILTER (WHERE m.created_at >= date_trunc('day', $2::timestamptz, 'UTC'))::bigint AS messages_today,
    count(*) FILTER (WHERE m.created_at >= $2::timestamptz - interval '7 days')::bigint AS messages_last_7_days,
    count(*) FILTER (WHERE m.created_at >= $2::timestamptz - interval '30 days')::bigint AS messages_last_30_days,
    count(DISTINCT m.session_id) FILTER (WHERE m.created_at >= $2::timestamptz - interval '30 days')::bigint AS sessions_active
  FROM message m JOIN own ON own.id = m.session_id
), ran AS (
  SELECT count(*) FILTER (WHERE status = 'completed')::bigint AS completed,
    count(*) FILTER (WHERE status = 'failed')::bigint AS failed,
    count(*) FILTER (WHERE status = 'cancelled')::bigint AS cancelled,
    count(*) FILTER (WHERE status NOT IN ('completed', 'failed', 'cancelled'))::bigint AS unfinished
  FROM run JOIN own ON own.id = run.session_id
), remembered AS (
  SELECT count(*)::bigint AS memories, avg(coalesce(importance_override, importance))::float8 AS avg_importance
  FROM memory WHERE valid_to IS NULL AND ($1::uuid IS NULL OR created_by = $1)
)
SELECT said.*, (SELECT count(*) FROM own)::bigint AS sessions, ran.*, remembered.* FROM said, ran, remembered`;

export async function readTotals(trx: TenantTransaction, userId: string | null, now: Date): Promise<Totals> {
  const { rows } = await trx.executeQuery<Totals>(CompiledQuery.raw(TOTALS, [userId, now]));
  return rows[0] as Totals;
}

export type TrendRow = { date: string; role: string; count: number };

/** Messages of the last days by day (UTC) and role; days without messages have no row. */
export async function readTrends(trx: TenantTransaction, userId: string | null, first: string): Promise<TrendRow[]> {
  const { rows } = await sql<TrendRow>`
    SELECT (m.created_at AT TIME ZONE 'UTC')::date::text AS date, m.role, count(*)::bigint AS count
    FROM message m JOIN session s ON s.id = m.session_id
    WHERE s.expires_at IS NULL AND (${userId}::uuid IS NULL OR s.user_id = ${userId})
      AND m.created_at >= ${first}::date::timestamp AT TIME ZONE 'UTC'
    GROUP BY 1, 2 ORDER BY 1, 2`.execute(trx);
  return rows;
}

export type TopSessionRow = {
  session_id: string;
  user_id: string;
  title: string | null;
  message_count: number;
  last_activity: Date;
  cost_usd: number;
  avg_importance: number | null;
};

/** The sessions with the latest activity. */
export async function readTopSessions(
  trx: TenantTransaction,
  userId: string | null,
  limit: number,
): Promise<TopSessionRow[]> {
  const { rows } = await sql<TopSessionRow>`
    SELECT s.id AS session_id, s.user_id, s.title, s.updated_at AS last_activity,
      (SELECT count(*) FROM message m WHERE m.session_id = s.id AND m.is_current)::bigint AS message_count,
      coalesce((SELECT sum((r.usage->>'cost_usd')::float8) FROM run r WHERE r.session_id = s.id), 0)::float8 AS cost_usd,
      (SELECT avg(coalesce(y.importance_override, y.importance)) FROM memory y
        WHERE y.session_id = s.id AND y.valid_to IS NULL)::float8 AS avg_importance
    FROM session s
    WHERE s.expires_at IS NULL AND (${userId}::uuid IS NULL OR s.user_id = ${userId})
    ORDER BY s.updated_at DESC, s.id DESC LIMIT ${limit}`.execute(trx);
  return rows;
}

export type EmbeddingCounts = { completed: number; pending: number; failed: number };

export async function countEmbeddings(trx: TenantTransaction, userId: string | null): Promise<EmbeddingCounts> {
  const { rows } = await sql<EmbeddingCounts>`
    SELECT count(*) FILTER (WHERE embedding_status = 'completed')::bigint AS completed,
      count(*) FILTER (WHERE embedding_status = 'pending')::bigint AS pending,
      count(*) FILTER (WHERE embedding_status = 'failed')::bigint AS failed
    FROM memory WHERE valid_to IS NULL AND (${userId}::uuid IS NULL OR created_by = ${userId})`.execute(trx);
  return rows[0] as EmbeddingCounts;
}

export type ActivityRow = { messages: number; sessions: number; last_activity: Date | null };

export async function readActivity(trx: TenantTransaction): Promise<ActivityRow> {
  const { rows } = await sql<ActivityRow>`
    SELECT (SELECT count(*) FROM message)::bigint AS messages, (SELECT count(*) FROM session)::bigint AS sessions,
      (SELECT max(updated_at) FROM session) AS last_activity`.execute(trx);
  return rows[0] as ActivityRow;
}

/** Bytes of all tables of a schema with their indexes. */
export async function readStorage(db: Db, schema: string): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS bytes
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ${schema} AND c.relkind = 'r'`.execute(
    db,
  );
  return rows[0]?.bytes ?? 0;
}
