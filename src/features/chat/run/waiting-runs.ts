import type { Database } from '../../../platform/database/database.ts';
import type { JobDefinition, Queue } from '../../../platform/queue/queue.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';

const JOB = { name: 'chat.check-waiting-run' } as const;
export type CheckWaitingPayload = { tenant: Tenant; runId: string };

/** An answer that came while the run began to wait is found after this time even if its worker died in that moment, s. */
const FIRST_CHECK_S = 60;

export type WaitPlanner = (tenant: Tenant, runId: string, until: Date) => Promise<void>;

/** Plans, before a run begins to wait, who looks after it: a waiting run is held by nobody. */
export function planWaitWith(database: Database, queue: Pick<Queue, 'enqueue'>): WaitPlanner {
  return async ({ id, slug }, runId, until) => {
    const payload: CheckWaitingPayload = { tenant: { id, slug }, runId };
    const seconds = Math.ceil((until.getTime() - Date.now()) / 1000) + 1;
    await inTenant(database, { id, slug }, async (trx) => {
      await queue.enqueue(trx, JOB, payload, { startAfter: Math.min(FIRST_CHECK_S, seconds) });
      if (seconds > FIRST_CHECK_S) await queue.enqueue(trx, JOB, payload, { startAfter: seconds });
    });
  };
}

export function checkWaitingJob(engine: {
  takeUpWaiting(tenant: Tenant, runId: string): Promise<void>;
}): JobDefinition<CheckWaitingPayload> {
  return {
    ...JOB,
    retryLimit: 20,
    expireInSeconds: 60,
    concurrency: 1,
    handle: ({ tenant, runId }) => engine.takeUpWaiting(tenant, runId),
  };
}
