import type { Clock } from '../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../platform/database/database.ts';
import type { JobDefinition, Queue } from '../../platform/queue/queue.ts';
import type { Principal } from '../identity/index.ts';
import { inTenant, type Tenant } from '../tenancy/index.ts';
import { deleteExpiredSessions } from './session.store.ts';

/** How long the session of an answer that nobody asked to keep stays: time enough to come back for it after a fault. */
export const TEMPORARY_SESSION_MS = 24 * 60 * 60 * 1000;

/** One job answers for all temporary sessions that a process makes in a tenant within this time. */
const PLAN_MS = 60 * 60 * 1000;
const BATCH = 500;
const MINUTE_S = 60;

const DAY_MS = 24 * 60 * 60 * 1000;

/** How long a session that this principal begins is kept, ms; null: until somebody deletes it. */
export function lifetimeOf({ visitor }: Principal, temporary: boolean): number | null {
  const own = temporary ? TEMPORARY_SESSION_MS : null;
  return visitor ? Math.min(visitor.keepDays * DAY_MS, own ?? Number.POSITIVE_INFINITY) : own;
}

export type DeleteExpiredPayload = { tenant: Tenant };
const JOB = { name: 'chat.delete-expired-sessions' } as const;

export type ExpiredSessions = ReturnType<typeof createExpiredSessions>;

/** Temporary sessions are deleted by jobs, which are enqueued with them: no clockwork walks over all tenants. */
export function createExpiredSessions(deps: { database: Database; queue: Pick<Queue, 'enqueue'>; clock: Clock }) {
  const { database, queue, clock } = deps;
  const planned = new Map<string, number>();

  async function deleteExpired(tenant: Tenant, signal: AbortSignal): Promise<void> {
    let deleted = BATCH;
    while (deleted === BATCH) {
      signal.throwIfAborted();
      deleted = await inTenant(database, tenant, (trx) => deleteExpiredSessions(trx, clock.now(), BATCH));
    }
  }

  const job: JobDefinition<DeleteExpiredPayload> = {
    ...JOB,
    retryLimit: 20,
    expireInSeconds: 15 * MINUTE_S,
    concurrency: 1,
    handle: ({ tenant }, { signal }) => deleteExpired(tenant, signal),
  };

  return {
    job,
    /**
     * Sees to it that temporary sessions made now, which live so many ms, are deleted after they expire. The job runs when the last one that it
     * answers for has expired. A plan whose transaction then fails is made up for by the next one, an hour later.
     */
    async planDeletion(trx: TenantTransaction, { id, slug }: Tenant, lifetime = TEMPORARY_SESSION_MS): Promise<void> {
      const now = clock.now().getTime();
      const key = `${id} ${lifetime}`;
      if (now - (planned.get(key) ?? Number.NEGATIVE_INFINITY) < PLAN_MS) return;
      const startAfter = Math.ceil((lifetime + PLAN_MS) / 1000) + MINUTE_S;
      const payload: DeleteExpiredPayload = { tenant: { id, slug } };
      await queue.enqueue(trx, JOB, payload, { startAfter });
      planned.set(key, now);
    },
  };
}
