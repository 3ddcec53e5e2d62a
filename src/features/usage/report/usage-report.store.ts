import { CompiledQuery } from 'kysely';
import type { Db } from '../../../platform/database/database.ts';
import type { Group } from './usage-report.schema.ts';

export type Sums = {
  calls: number;
  input_tokens: number;
  cached_input_tokens: number;
  output_tokens: number;
  cost_nanos: number;
  own_cost_nanos: number;
  unpriced_calls: number;
  estimated_calls: number;
};

export type Range = { from: string; to: string };
export type SumRow = Sums & {
  day?: string;
  model?: string;
  user_id?: string | null;
  api_key_id?: string | null;
  purpose?: string;
};

/** How each group is read; the words come from here and never from a request. */
const COLUMNS: Record<Group, string> = {
  day: 'day::text AS day',
  model: 'model',
  user: 'user_id',
  key: 'api_key_id',
  purpose: 'purpose',
};

const SUMS = `count(*)::bigint AS calls, coalesce(sum(input_tokens), 0)::bigint AS input_tokens,
  coalesce(sum(cached_input_tokens), 0)::bigint AS cached_input_tokens,
  coalesce(sum(output_tokens), 0)::bigint AS output_tokens, coalesce(sum(amount), 0)::bigint AS cost_nanos,
  coalesce(sum(amount) FILTER (WHERE own_key), 0)::bigint AS own_cost_nanos,
  count(*) FILTER (WHERE price IS NULL)::bigint AS unpriced_calls, count(*) FILTER (WHERE estimated)::bigint AS estimated_calls`;

export type UsageFilter = Range & {
  /** Whose usage may be seen at all; null: everybody's. */
  ownerId: string | null;
  userId: string | null;
  apiKeyId: string | null;
  model: string | null;
};

/** What was settled in a tenant, summed by the groups, the dearest first within a day; `limit` rows at most. */
export async function sumUsage(
  db: Db,
  tenantId: string,
  { from, to, ownerId, userId, apiKeyId, model }: UsageFilter,
  groups: readonly Group[],
  limit: number,
): Promise<SumRow[]> {
  const columns = groups.map((group) => COLUMNS[group]);
  const places = groups.map((_, index) => index + 1).join(', ');
  const byDay = groups.includes('day') ? `${groups.indexOf('day') + 1}, ` : '';
  const text = `SELECT ${[...columns, SUMS].join(', ')} FROM platform.ledger_entry
    WHERE tenant_id = $1 AND kind = 'settle' AND day BETWEEN $2::date AND $3::date
      AND ($4::uuid IS NULL OR user_id = $4) AND ($5::uuid IS NULL OR api_key_id = $5) AND ($6::text IS NULL OR model = $6)
      AND ($8::uuid IS NULL OR user_id = $8)
    ${groups.length > 0 ? `GROUP BY ${places} ORDER BY ${byDay}cost_nanos DESC, ${places}` : ''} LIMIT $7`;
  const { rows } = await db.executeQuery<SumRow>(
    CompiledQuery.raw(text, [tenantId, from, to, userId, apiKeyId, model, limit, ownerId]),
  );
  return rows;
}

/** The same for every tenant of the installation, the dearest first. No content, no users. */
export async function sumByTenant(
  db: Db,
  { from, to }: Range,
  limit: number,
): Promise<(Sums & { tenant_id: string; slug: string | null })[]> {
  const text = `SELECT s.*, t.slug FROM (
      SELECT tenant_id, ${SUMS} FROM platform.ledger_entry
      WHERE kind = 'settle' AND day BETWEEN $1::date AND $2::date GROUP BY tenant_id
    ) s LEFT JOIN platform.tenant t ON t.id = s.tenant_id ORDER BY s.cost_nanos DESC, s.tenant_id LIMIT $3`;
  const { rows } = await db.executeQuery<Sums & { tenant_id: string; slug: string | null }>(
    CompiledQuery.raw(text, [from, to, limit]),
  );
  return rows;
}
