import type { Clock } from '../../../platform/clock.ts';
import type { ReplicaReads } from '../../../platform/database/replica.ts';
import { requestErrors } from '../../../platform/http/errors.ts';
import type { Principal } from '../../identity/index.ts';
import { usdOf } from '../prices/price.ts';
import { usageOwner } from './usage-report.policy.ts';
import {
  GROUPS,
  type Group,
  type InstallationUsage,
  type RangeQuery,
  type UsageQuery,
  type UsageReport,
} from './usage-report.schema.ts';
import * as store from './usage-report.store.ts';

export type UsageReports = ReturnType<typeof createUsageReports>;

/** More would be no report. */
const MOST_ROWS = 10_000;
const LONGEST_RANGE_DAYS = 366;
const DAY_MS = 86_400_000;

/** What was used and what it cost, from the ledger. */
export function createUsageReports({ reads, clock }: { reads: Pick<ReplicaReads, 'read'>; clock: Clock }) {
  async function report(tenantId: string, ownerId: string | null, query: UsageQuery): Promise<UsageReport> {
    const range = rangeOf(query, clock.now());
    const groups = groupsOf(query.group_by ?? 'day');
    const filter = {
      ...range,
      ownerId,
      userId: query.user_id ?? null,
      apiKeyId: query.api_key_id ?? null,
      model: query.model ?? null,
    };
    const [rows, [total]] = await reads.read(({ db }) =>
      Promise.all([
        store.sumUsage(db, tenantId, filter, groups, MOST_ROWS),
        store.sumUsage(db, tenantId, filter, [], 1),
      ]),
    );
    return {
      ...range,
      whole_tenant: ownerId === null && filter.userId === null,
      data: rows.map(inUsd),
      total: inUsd(total ?? NOTHING),
      next_cursor: null,
    };
  }

  return {
    /** An admin's report is of the whole tenant, everybody else's of themselves: what they ask of others finds nothing. */
    report: (principal: Principal, query: UsageQuery) => report(principal.tenant.id, usageOwner(principal), query),

    /** The whole of any tenant's, for operators. @throws ApiError ERR_REQUEST_002 */
    ofTenant: (tenantId: string, query: UsageQuery) => report(tenantId, null, query),

    /** Every tenant's, for operators. */
    async installation(query: RangeQuery): Promise<InstallationUsage> {
      const range = rangeOf(query, clock.now());
      const rows = await reads.read(({ db }) => store.sumByTenant(db, range, MOST_ROWS));
      const total = rows.reduce(add, NOTHING);
      return { ...range, data: rows.map(inUsd), total: inUsd(total), next_cursor: null };
    },
  };
}

/** @throws ApiError ERR_REQUEST_002 */
function groupsOf(text: string): Group[] {
  const groups = [...new Set(text.split(','))];
  if (groups.every((group): group is Group => GROUPS.some((known) => known === group))) return groups;
  const message = `must be some of ${GROUPS.join(', ')}, joined by commas`;
  throw requestErrors.invalid(`group_by ${message}`, { fields: [{ field: 'group_by', message }] });
}

/** @throws ApiError ERR_REQUEST_002 */
function rangeOf({ from, to }: RangeQuery, now: Date): store.Range {
  const today = now.toISOString().slice(0, 10);
  const range = { from: from ?? `${(to ?? today).slice(0, 7)}-01`, to: to ?? today };
  const days = (Date.parse(range.to) - Date.parse(range.from)) / DAY_MS;
  const message =
    days < 0
      ? 'must not be before from'
      : days > LONGEST_RANGE_DAYS
        ? `must be ${LONGEST_RANGE_DAYS} days after from at most`
        : null;
  if (message === null) return range;
  throw requestErrors.invalid(`to ${message}`, { fields: [{ field: 'to', message }] });
}

const NOTHING: store.Sums = {
  calls: 0,
  input_tokens: 0,
  cached_input_tokens: 0,
  output_tokens: 0,
  cost_nanos: 0,
  own_cost_nanos: 0,
  unpriced_calls: 0,
  estimated_calls: 0,
};

function add(sums: store.Sums, row: store.Sums): store.Sums {
  const names = Object.keys(NOTHING) as (keyof store.Sums)[];
  return Object.fromEntries(names.map((name) => [name, sums[name] + row[name]])) as store.Sums;
}

function inUsd<Row extends store.Sums>({ cost_nanos, own_cost_nanos, ...row }: Row) {
  return { ...row, cost_usd: usdOf(cost_nanos), own_keys_cost_usd: usdOf(own_cost_nanos) };
}
