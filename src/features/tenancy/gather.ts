import { isDatabaseAway } from '../../platform/database/failures.ts';
import { outsideOfWork } from '../../platform/telemetry/tracing.ts';
import type { Tenant } from './tenant.ts';

/** Writes of one tenant that are stored together at most: some milliseconds of one transaction. */
const MOST_TOGETHER = 64;
/** Transactions of one tenant that are under way at the same time; what comes meanwhile waits for the first that ends. */
const MOST_UNDER_WAY = 2;

type Waiting<Entry, Result> = { entry: Entry; settle: (result: PromiseSettledResult<Result>) => void };
type Line<Entry, Result> = { waiting: Waiting<Entry, Result>[]; underWay: number };

/**
 * Does what comes one by one in transactions of several: a commit costs as much for one as for many. Nobody waits to be
 * joined: who comes while nothing is under way is served at once. Each entry has its own result.
 */
export function gathered<Entry, Result>(
  store: (tenant: Tenant, entries: readonly Entry[]) => Promise<readonly PromiseSettledResult<Result>[]>,
  mostUnderWay = MOST_UNDER_WAY,
): (tenant: Tenant, entry: Entry) => Promise<Result> {
  const lines = new Map<string, Line<Entry, Result>>();

  async function work(tenant: Tenant, line: Line<Entry, Result>): Promise<void> {
    line.underWay += 1;
    while (line.waiting.length > 0) {
      const some = line.waiting.splice(0, MOST_TOGETHER);
      const results = await storeSome(tenant, some);
      for (const [place, { settle }] of some.entries()) settle(results[place] ?? lost);
    }
    line.underWay -= 1;
    if (line.underWay === 0) lines.delete(tenant.id);
  }

  async function storeSome(tenant: Tenant, some: readonly Waiting<Entry, Result>[]) {
    const entries = some.map(({ entry }) => entry);
    try {
      return await store(tenant, entries);
    } catch (reason) {
      // What is wrong with one is no reason to refuse the others. Where nobody knows what was written, it is not written again.
      if (entries.length === 1 || isDatabaseAway(reason))
        return entries.map(() => ({ status: 'rejected', reason }) as const);
      const alone: PromiseSettledResult<Result>[] = [];
      for (const one of some) alone.push(...(await storeSome(tenant, [one])));
      return alone;
    }
  }

  return (tenant, entry) =>
    new Promise((resolve, reject) => {
      const line = lines.get(tenant.id) ?? { waiting: [], underWay: 0 };
      lines.set(tenant.id, line);
      const settle = (result: PromiseSettledResult<Result>) =>
        result.status === 'fulfilled' ? resolve(result.value) : reject(result.reason);
      line.waiting.push({ entry, settle });
      if (line.underWay < mostUnderWay) void outsideOfWork(() => work(tenant, line));
    });
}

const lost = { status: 'rejected', reason: new Error('A write was given no result.') } as const;
