import { CompiledQuery, sql } from 'kysely';
import type { Db } from '../../../platform/database/database.ts';
import type { AccountKey, Alert, Refusal, Reservation, Settlement } from './ledger.types.ts';

/**
 * The statements of one booking. They are sent together and run in one transaction: the first locks the accounts, in the
 * same order everywhere, so that the second and third see and change what nobody else can.
 */

/** Locks the accounts, makes those that are new, and begins the day and the month where a new one has begun. A clock that
 * is behind never turns them back. */
export function lockAccounts(keys: readonly AccountKey[], day: string): CompiledQuery {
  return CompiledQuery.raw(LOCK, [JSON.stringify(keys.map(keyRow)), day]);
}

const LOCK = `INSERT INTO platform.ledger_account AS a (tenant_id, scope, subject_id, day, month)
SELECT k.tenant_id, k.scope, k.subject_id, $2::date, date_trunc('month', $2::date)::date
FROM json_to_recordset($1::json) AS k(tenant_id uuid, scope text, subject_id uuid)
ORDER BY k.tenant_id, k.scope, k.subject_id
ON CONFLICT (tenant_id, scope, subject_id) DO UPDATE SET
  day = greatest(a.day, excluded.day),
  day_spent = CASE WHEN a.day < excluded.day THEN 0 ELSE a.day_spent END,
  day_reserved = CASE WHEN a.day < excluded.day THEN 0 ELSE a.day_reserved END,
  day_own_spent = CASE WHEN a.day < excluded.day THEN 0 ELSE a.day_own_spent END,
  day_own_reserved = CASE WHEN a.day < excluded.day THEN 0 ELSE a.day_own_reserved END,
  month = greatest(a.month, excluded.month),
  month_spent = CASE WHEN a.month < excluded.month THEN 0 ELSE a.month_spent END,
  month_reserved = CASE WHEN a.month < excluded.month THEN 0 ELSE a.month_reserved END,
  month_own_spent = CASE WHEN a.month < excluded.month THEN 0 ELSE a.month_own_spent END,
  month_own_reserved = CASE WHEN a.month < excluded.month THEN 0 ELSE a.month_own_reserved END`;

/** The budgets that hold for account `x`: the tenant's own, of which one for a single user or key comes before the one for
 * each of them; the operator's; and the installation's, $3, where the operator has set none for the day. The last two are
 * `given`: what a tenant pays with keys of its own does not count for them. */
const budgetsOf = (x: string, installation: string, hardOnly: boolean) => `(
    SELECT DISTINCT ON (b.period, b.hard) b.period, b.amount, b.hard, false AS given FROM platform.budget b
    WHERE b.tenant_id = ${x}.tenant_id AND b.scope = ${x}.scope AND b.set_by = 'tenant' ${hardOnly ? 'AND b.hard' : ''}
      AND (b.subject_id IS NULL OR b.subject_id = ${x}.subject_id)
    ORDER BY b.period, b.hard, b.subject_id NULLS LAST
  ) UNION ALL (
    SELECT b.period, b.amount, true, true FROM platform.budget b
    WHERE b.tenant_id = ${x}.tenant_id AND ${x}.scope = 'tenant' AND b.set_by = 'operator'
  ) UNION ALL (
    SELECT 'day', ${installation}::bigint, true, true WHERE ${x}.scope = 'tenant' AND ${installation}::bigint IS NOT NULL AND NOT EXISTS (
      SELECT FROM platform.budget b WHERE b.tenant_id = ${x}.tenant_id AND b.set_by = 'operator' AND b.period = 'day')
  )`;

/** What of account `x` counts for budget `b`. */
const counted = (x: string, what: 'spent' | 'reserved') => `(CASE b.period
    WHEN 'day' THEN ${x}.day_${what} - CASE WHEN b.given THEN ${x}.day_own_${what} ELSE 0 END
    ELSE ${x}.month_${what} - CASE WHEN b.given THEN ${x}.month_own_${what} ELSE 0 END END)`;

/** Which accounts the rows of `calls` are booked on. */
const booked = (calls: string, columns: string) => `
    SELECT ${columns}, tenant_id, 'tenant' AS scope, tenant_id AS subject_id FROM ${calls}
    UNION ALL SELECT ${columns}, tenant_id, 'user', user_id FROM ${calls} WHERE user_id IS NOT NULL
    UNION ALL SELECT ${columns}, tenant_id, 'key', api_key_id FROM ${calls} WHERE api_key_id IS NOT NULL`;

export type RefusedRow = {
  place: number;
  scope: Refusal['scope'];
  subject_id: string;
  period: Refusal['period'];
  period_start: string;
  amount: number;
  spent: number;
  reserved: number;
};

/**
 * Reserves for calls, as far as every budget has room; a row for each budget that has none. Where several come together,
 * room is counted in their order as if all before were admitted: who is refused beside another asks once more, alone.
 * A call that was reserved before, in a transaction whose answer was lost, stays as it is.
 */
export function reserveCalls(
  calls: readonly Reservation[],
  { day, now, installationLimit }: { day: string; now: Date; installationLimit: number | null },
): CompiledQuery<RefusedRow> {
  const rows = calls.map((call, place) => ({
    place,
    call_id: call.callId,
    tenant_id: call.tenantId,
    user_id: call.userId,
    api_key_id: call.apiKeyId,
    purpose: call.purpose,
    model: call.model,
    run_id: call.runId,
    run_position: call.runPosition,
    amount: call.amount,
    own_key: call.ownKey,
    price: call.price,
    input_tokens: call.inputTokens,
  }));
  const parameters = [JSON.stringify(rows), day, installationLimit, now];
  return CompiledQuery.raw(RESERVE, parameters) as CompiledQuery<RefusedRow>;
}

const RESERVE = `WITH ask AS (
  SELECT * FROM json_to_recordset($1::json) AS c(place integer, call_id uuid, tenant_id uuid, user_id uuid, api_key_id uuid,
    purpose text, model text, run_id uuid, run_position integer, amount bigint, own_key boolean,
    price json, input_tokens integer)
), fresh AS MATERIALIZED (
  SELECT * FROM ask WHERE NOT EXISTS (
    SELECT FROM platform.ledger_entry e WHERE e.call_id = ask.call_id AND e.kind = 'reserve')
), costly AS (
  SELECT * FROM fresh WHERE amount > 0
), touched AS MATERIALIZED (${booked('costly', 'place, amount, own_key')}
), demand AS (
  SELECT t.*, a.day, a.month, a.day_spent, a.day_reserved, a.month_spent, a.month_reserved, a.day_own_spent,
    a.day_own_reserved, a.month_own_spent, a.month_own_reserved,
    (sum(t.amount) OVER before)::bigint AS wanted,
    coalesce(sum(t.amount) FILTER (WHERE NOT t.own_key) OVER before, 0)::bigint AS wanted_given
  FROM touched t JOIN platform.ledger_account a USING (tenant_id, scope, subject_id)
  WINDOW before AS (PARTITION BY t.tenant_id, t.scope, t.subject_id ORDER BY t.place)
), refused AS MATERIALIZED (
  SELECT d.place, d.scope, d.subject_id, b.period, b.amount,
    (CASE b.period WHEN 'day' THEN d.day ELSE d.month END)::text AS period_start,
    ${counted('d', 'spent')} AS spent, ${counted('d', 'reserved')} AS reserved
  FROM demand d CROSS JOIN LATERAL (${budgetsOf('d', '$3', true)}) b
  WHERE NOT (b.given AND d.own_key)
    AND CASE WHEN b.given THEN d.wanted_given ELSE d.wanted END + ${counted('d', 'spent')} + ${counted('d', 'reserved')} > b.amount
), admitted AS MATERIALIZED (
  SELECT f.*, coalesce((SELECT max(d.day) FROM demand d WHERE d.place = f.place), $2::date) AS day
  FROM fresh f WHERE f.place NOT IN (SELECT place FROM refused)
), reservation AS (
  INSERT INTO platform.ledger_reservation (call_id, tenant_id, user_id, api_key_id, purpose, model, run_id, run_position,
    day, amount, own_key, price, input_tokens, created_at)
  SELECT call_id, tenant_id, user_id, api_key_id, purpose, model, run_id, run_position, day, amount, own_key, price,
    input_tokens, $4::timestamptz FROM admitted
), entry AS (
  INSERT INTO platform.ledger_entry (call_id, kind, tenant_id, user_id, api_key_id, purpose, model, run_id, day, amount,
    own_key, price, created_at)
  SELECT call_id, 'reserve', tenant_id, user_id, api_key_id, purpose, model, run_id, day, amount, own_key, price,
    $4::timestamptz FROM admitted
), balance AS (
  UPDATE platform.ledger_account a SET
    day_reserved = a.day_reserved + s.amount, month_reserved = a.month_reserved + s.amount,
    day_own_reserved = a.day_own_reserved + s.own, month_own_reserved = a.month_own_reserved + s.own
  FROM (
    SELECT tenant_id, scope, subject_id, sum(amount)::bigint AS amount,
      coalesce(sum(amount) FILTER (WHERE own_key), 0)::bigint AS own FROM touched
    WHERE place NOT IN (SELECT place FROM refused) GROUP BY 1, 2, 3
  ) s WHERE a.tenant_id = s.tenant_id AND a.scope = s.scope AND a.subject_id = s.subject_id
)
SELECT * FROM refused ORDER BY place`;

/** Settles calls and gives back what is left of their reservations; the ids of those that were still open. */
export function settleCalls(settlements: readonly Settlement[], now: Date): CompiledQuery<{ call_id: string }> {
  const rows = settlements.map((one) => ({
    call_id: one.callId,
    cost: one.cost,
    input: one.inputTokens,
    cached: one.cachedInputTokens,
    output: one.outputTokens,
    estimated: one.estimated,
  }));
  return CompiledQuery.raw(SETTLE, [JSON.stringify(rows), now]) as CompiledQuery<{ call_id: string }>;
}

/** What is settled in the present day and month, in all and with keys of the tenant's own. */
function settledSums(): string {
  const periods = { day: 't.day = o.day', month: "date_trunc('month', t.day) = o.month" };
  return Object.entries(periods)
    .flatMap(([period, isPresent]) => [
      `coalesce(sum(t.cost) FILTER (WHERE ${isPresent}), 0)::bigint AS ${period}_cost`,
      `coalesce(sum(t.amount) FILTER (WHERE ${isPresent}), 0)::bigint AS ${period}_amount`,
      `coalesce(sum(t.cost) FILTER (WHERE t.own_key AND ${isPresent}), 0)::bigint AS ${period}_own_cost`,
      `coalesce(sum(t.amount) FILTER (WHERE t.own_key AND ${isPresent}), 0)::bigint AS ${period}_own_amount`,
    ])
    .join(',\n      ');
}

const SETTLE = `WITH done AS (
  SELECT * FROM json_to_recordset($1::json)
    AS s(call_id uuid, cost bigint, input integer, cached integer, output integer, estimated boolean)
), closed AS (
  DELETE FROM platform.ledger_reservation r USING done WHERE r.call_id = done.call_id
  RETURNING r.*, done.cost, done.input, done.cached, done.output, done.estimated
), entry AS (
  INSERT INTO platform.ledger_entry (call_id, kind, tenant_id, user_id, api_key_id, purpose, model, run_id, day, amount,
    own_key, price, input_tokens, cached_input_tokens, output_tokens, estimated, created_at)
  SELECT call_id, 'settle', tenant_id, user_id, api_key_id, purpose, model, run_id, day, cost, own_key, price, input, cached,
    output, estimated, $2::timestamptz FROM closed
  UNION ALL
  SELECT call_id, 'release', tenant_id, user_id, api_key_id, purpose, model, run_id, day, amount - cost, own_key, price, 0,
    0, 0, estimated, $2::timestamptz FROM closed WHERE amount <> cost
), costly AS (
  SELECT * FROM closed WHERE amount > 0 OR cost > 0
), touched AS (${booked('costly', 'day, amount, cost, own_key')}
), balance AS (
  UPDATE platform.ledger_account a SET
    day_spent = a.day_spent + s.day_cost, day_reserved = a.day_reserved - s.day_amount,
    month_spent = a.month_spent + s.month_cost, month_reserved = a.month_reserved - s.month_amount,
    day_own_spent = a.day_own_spent + s.day_own_cost, day_own_reserved = a.day_own_reserved - s.day_own_amount,
    month_own_spent = a.month_own_spent + s.month_own_cost,
    month_own_reserved = a.month_own_reserved - s.month_own_amount
  FROM (
    SELECT t.tenant_id, t.scope, t.subject_id, ${settledSums()}
    FROM touched t JOIN platform.ledger_account o USING (tenant_id, scope, subject_id) GROUP BY 1, 2, 3
  ) s WHERE a.tenant_id = s.tenant_id AND a.scope = s.scope AND a.subject_id = s.subject_id
)
SELECT call_id FROM closed`;

export type AlertRow = {
  tenant_id: string;
  scope: Alert['scope'];
  subject_id: string;
  period: Alert['period'];
  period_start: string;
  amount: number;
  hard: boolean;
  percent: number;
};

/** Notes the shares of budgets, in percent, that are used up in these accounts; a row for each that was not noted before. */
export function noteAlerts(
  keys: readonly AccountKey[],
  installationLimit: number | null,
  percents: readonly number[],
): CompiledQuery<AlertRow> {
  const parameters = [JSON.stringify(keys.map(keyRow)), JSON.stringify(percents), installationLimit];
  return CompiledQuery.raw(ALERT, parameters) as CompiledQuery<AlertRow>;
}

const ALERT = `INSERT INTO platform.budget_alert (tenant_id, scope, subject_id, period, period_start, amount, hard, percent)
SELECT DISTINCT a.tenant_id, a.scope, a.subject_id, b.period, CASE b.period WHEN 'day' THEN a.day ELSE a.month END, b.amount,
  b.hard, p.percent
FROM json_to_recordset($1::json) AS k(tenant_id uuid, scope text, subject_id uuid)
JOIN platform.ledger_account a USING (tenant_id, scope, subject_id)
CROSS JOIN LATERAL (${budgetsOf('a', '$3', false)}) b
CROSS JOIN LATERAL (SELECT value::text::integer AS percent FROM json_array_elements($2::json)) p
WHERE ${counted('a', 'spent')} * 100 >= b.amount * p.percent
ON CONFLICT DO NOTHING
RETURNING tenant_id, scope, subject_id, period, period_start::text, amount, hard, percent`;

/** The same for a budget that has just refused a call, whatever is spent: it is used up, as far as anybody can tell. */
export async function noteRefusal(db: Db, tenantId: string, refusal: Refusal): Promise<boolean> {
  const result = await db
    .insertInto('platform.budget_alert')
    .values({
      tenant_id: tenantId,
      scope: refusal.scope,
      subject_id: refusal.subjectId,
      period: refusal.period,
      period_start: sql`${refusal.periodStart}::date`,
      amount: refusal.limit,
      hard: true,
      percent: 100,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows) > 0;
}

export type OpenCall = {
  call_id: string;
  tenant_id: string;
  user_id: string | null;
  api_key_id: string | null;
  run_id: string | null;
  run_position: number | null;
  amount: number;
  price: unknown;
  input_tokens: number;
  created_at: Date;
};

const OPEN_COLUMNS = [
  'call_id',
  'tenant_id',
  'user_id',
  'api_key_id',
  'run_id',
  'run_position',
  'amount',
  'price',
  'input_tokens',
  'created_at',
] as const;

/** Open calls of a run. */
export async function openCallsOf(db: Db, runId: string): Promise<OpenCall[]> {
  return db.selectFrom('platform.ledger_reservation').select(OPEN_COLUMNS).where('run_id', '=', runId).execute();
}

/** Open calls that began before `before`, oldest first. */
export async function oldOpenCalls(db: Db, before: Date, limit: number): Promise<OpenCall[]> {
  return db
    .selectFrom('platform.ledger_reservation')
    .select(OPEN_COLUMNS)
    .where('created_at', '<', before)
    .orderBy('created_at')
    .limit(limit)
    .execute();
}

/** How many calls of a run the ledger knows. */
export async function countCallsOf(db: Db, runId: string, tenantId: string): Promise<number> {
  const row = await db
    .selectFrom('platform.ledger_entry')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('tenant_id', '=', tenantId)
    .where('run_id', '=', runId)
    .where('kind', '=', 'reserve')
    .executeTakeFirstOrThrow();
  return row.count;
}

function keyRow({ tenantId, scope, subjectId }: AccountKey) {
  return { tenant_id: tenantId, scope, subject_id: subjectId };
}
