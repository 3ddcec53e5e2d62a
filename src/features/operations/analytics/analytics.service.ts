import type { Clock } from '../../../platform/clock.ts';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { ReplicaReads } from '../../../platform/database/replica.ts';
import { decodeCursor, encodeCursor } from '../../../platform/http/pagination.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant, listTenants, schemaOf, type Tenant } from '../../tenancy/index.ts';
import type { AnalyticsUsage, EmbeddingStates, TopSessions, Trends } from './analytics.schema.ts';
import * as store from './analytics.store.ts';

export type Analytics = ReturnType<typeof createAnalytics>;

const DAY_MS = 86_400_000;
const SEES_ALL: ReadonlySet<Principal['role']> = new Set(['admin', 'owner']);

/** How much is talked: of the whole tenant for its admins, of themselves for everybody else. Counts, never content. */
export function createAnalytics({ reads, clock }: { reads: Pick<ReplicaReads, 'read'>; clock: Clock }) {
  const readTenant = <T>(tenant: Tenant, work: (trx: TenantTransaction) => Promise<T>) =>
    reads.read((database) => inTenant(database, tenant, work));
  const scopeOf = ({ role, userId }: Principal) => {
    const wholeTenant = SEES_ALL.has(role);
    return { whole_tenant: wholeTenant, userId: wholeTenant ? null : userId };
  };
  return {
    async usage(principal: Principal): Promise<AnalyticsUsage> {
      const { userId, whole_tenant } = scopeOf(principal);
      const totals = await readTenant(principal.tenant, (trx) => store.readTotals(trx, userId, clock.now()));
      const { completed, failed, cancelled, unfinished, ...rest } = totals;
      return { whole_tenant, ...rest, runs: { completed, failed, cancelled, unfinished } };
    },

    /** A row for each of the last days, today included; 0 where nothing was said. */
    async trends(principal: Principal, days: number): Promise<Trends> {
      const { userId, whole_tenant } = scopeOf(principal);
      const today = Date.parse(clock.now().toISOString().slice(0, 10));
      const dates = Array.from({ length: days }, (_, index) => dayOf(today - (days - 1 - index) * DAY_MS));
      const rows = await readTenant(principal.tenant, (trx) => store.readTrends(trx, userId, dates[0] as string));
      const data = dates.map((date) => {
        const of = rows.filter((row) => row.date === date);
        return {
          date,
          count: of.reduce((sum, { count }) => sum + count, 0),
          role_breakdown: Object.fromEntries(of.map(({ role, count }) => [role, count])),
        };
      });
      return { whole_tenant, data, next_cursor: null };
    },

    /** The sessions with the latest activity. Of others' sessions an admin sees how much, not what. */
    async topSessions(principal: Principal, limit: number): Promise<TopSessions> {
      const { userId, whole_tenant } = scopeOf(principal);
      const rows = await readTenant(principal.tenant, (trx) => store.readTopSessions(trx, userId, limit));
      const data = rows.map(({ title, last_activity, ...row }) => ({
        ...row,
        title: row.user_id === principal.userId ? title : null,
        last_activity: last_activity.toISOString(),
      }));
      return { whole_tenant, data, next_cursor: null };
    },

    async embeddings(principal: Principal): Promise<EmbeddingStates> {
      const { userId, whole_tenant } = scopeOf(principal);
      const counts = await readTenant(principal.tenant, (trx) => store.countEmbeddings(trx, userId));
      const { completed, failed, pending } = counts;
      const ended = completed + failed;
      const rate = ended === 0 ? null : (completed / ended) * 100;
      return { whole_tenant, total: ended + pending, ...counts, success_rate: rate };
    },

    /** Every tenant, in order of slug, for operators. */
    async tenants({ limit = 20, cursor }: { limit?: number; cursor?: string }) {
      const after = cursor === undefined ? null : decodeCursor(cursor, ['string'] as const)[0];
      // In the order by which the cursor compares; some databases' own order leaves hyphens out.
      const all = (await reads.read(({ db }) => listTenants(db)))
        .filter(({ slug }) => after === null || slug > after)
        .sort((one, other) => (one.slug < other.slug ? -1 : 1));
      const data = [];
      for (const tenant of all.slice(0, limit)) {
        // A tenant whose migration failed may lack tables.
        const activity = await readTenant(tenant, store.readActivity).catch(() => NOTHING);
        const storage_bytes = await reads.read(({ db }) => store.readStorage(db, schemaOf(tenant)));
        const last_activity = activity.last_activity?.toISOString() ?? null;
        data.push({ tenant_id: tenant.id, slug: tenant.slug, ...activity, storage_bytes, last_activity });
      }
      const last = data.at(-1);
      return { data, next_cursor: all.length > limit && last ? encodeCursor([last.slug]) : null };
    },
  };
}

const NOTHING: store.ActivityRow = { messages: 0, sessions: 0, last_activity: null };

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
