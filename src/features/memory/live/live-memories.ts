import type { Database } from '../../../platform/database/database.ts';
import { Notices } from '../../../platform/notices/notices.ts';
import type { RedisConnection } from '../../../platform/redis/redis.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import type { MemoryView } from '../memory.schema.ts';
import type { MemoryRow } from '../remember/memory.store.ts';
import * as store from './live.store.ts';

/** What one subscriber wants to hear of: its own space or a subject's, and what is shared. */
export type LiveQuery = {
  subject?: string | undefined;
  conversationId?: string | null | undefined;
  /** The last place that it knows. */
  after: number;
  /** Whether it begins now: nothing that is there already is told. */
  fresh?: boolean;
};

/** Memories that are new or corrected, with the place behind which a subscriber goes on. */
export type LiveBatch = { memories: readonly { place: number; memory: MemoryView }[] };

export type LiveMemories = {
  /** The place from which a subscription that begins now goes on. */
  place(principal: Principal): Promise<number>;
  /** Batches as they come, each when the one before was taken, until the signal. One that was told may be told again only
   * to a subscriber that comes back with an older place. */
  follow(principal: Principal, query: LiveQuery, signal: AbortSignal): AsyncGenerator<LiveBatch>;
  /** Something of this tenant was committed, by this process. */
  announce(tenant: Tenant): void;
  start(): Promise<void>;
  stop(): Promise<void>;
};

export type LiveDependencies = {
  database: Database;
  redis?: RedisConnection | null;
  log: Logger;
  view(tenant: Tenant, row: MemoryRow): MemoryView;
  /** How long a notice that was lost delays what it was of, ms. */
  poll?: number;
};

const POLL_MS = 5_000;
const BATCH = 100;
/** Numbers that a subscription remembers having told. */
const MOST_KNOWN = 1_000;

export function createLiveMemories(deps: LiveDependencies): LiveMemories {
  const { database, poll = POLL_MS } = deps;
  const waiting = new Map<string, Set<() => void>>();
  const notices = new Notices({ ...deps, redis: deps.redis ?? null, channel: 'parley_memory', kinds: ['changed'] });

  function ring(tenantId: string): void {
    const rung = waiting.get(tenantId);
    waiting.delete(tenantId);
    for (const wake of rung ?? []) wake();
  }

  /** Resolves at the next change of the tenant, or when it is time to look anyhow. */
  function nextChange(tenantId: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const bells = waiting.get(tenantId) ?? new Set();
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        bells.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, poll);
      signal.addEventListener('abort', wake, { once: true });
      waiting.set(tenantId, bells.add(wake));
    });
  }

  async function* follow(
    { tenant, userId }: Principal,
    { subject = '', conversationId = null, after: from, fresh = false }: LiveQuery,
    signal: AbortSignal,
  ): AsyncGenerator<LiveBatch> {
    const owners = [
      { userId, subject },
      { userId: null, subject: '' },
    ];
    let after = from;
    const scope = { owners, conversationId };
    let known: number[] = fresh ? await inTenant(database, tenant, (trx) => store.lateNumbers(trx, from)) : [];
    while (!signal.aborted) {
      // Before the look: what is committed during it rings, too.
      const change = nextChange(tenant.id, signal);
      const page = { after, known, limit: BATCH };
      const rows = await inTenant(database, tenant, (trx) => store.listBehind(trx, scope, page));
      if (rows.length > 0) {
        known = [...known, ...rows.map(({ number }) => number)].slice(-MOST_KNOWN);
        after = Math.max(after, rows.at(-1)?.number ?? after);
        yield { memories: rows.map((row) => ({ place: row.number, memory: deps.view(tenant, row) })) };
        if (rows.length === BATCH) continue;
      }
      await change;
    }
  }

  return {
    place: ({ tenant }) => inTenant(database, tenant, store.lastNumber),
    follow,
    announce: ({ id }) => {
      ring(id);
      notices.announce('changed', id);
    },
    start: () => notices.start((_kind, tenantId) => ring(tenantId)),
    stop: () => notices.stop(),
  };
}
