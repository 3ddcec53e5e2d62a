import type { Clock } from '../../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import type { JobDefinition, Queue } from '../../../platform/queue/queue.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import { deleteUnusedAttachments } from './attachment.store.ts';

/** How long a file waits for its message. */
const UNUSED_MS = 24 * 60 * 60 * 1000;
/** One job answers for all files that a process receives in a tenant within this time. */
const PLAN_MS = 60 * 60 * 1000;
const BATCH = 100;
const MINUTE_S = 60;

type DeleteUnusedPayload = { tenant: Tenant };
const JOB = { name: 'documents.delete-unused-attachments' } as const;

export type UnusedAttachments = ReturnType<typeof createUnusedAttachments>;

/** Files that were uploaded and never sent are deleted a day later, by jobs that are enqueued with them. */
export function createUnusedAttachments(deps: { database: Database; queue: Pick<Queue, 'enqueue'>; clock: Clock }) {
  const { database, queue, clock } = deps;
  const planned = new Map<string, number>();

  async function deleteUnused(tenant: Tenant, signal: AbortSignal): Promise<void> {
    const before = new Date(clock.now().getTime() - UNUSED_MS);
    for (let deleted = BATCH; deleted === BATCH; ) {
      signal.throwIfAborted();
      deleted = await inTenant(database, tenant, (trx) => deleteUnusedAttachments(trx, before, BATCH));
    }
  }

  const job: JobDefinition<DeleteUnusedPayload> = {
    ...JOB,
    retryLimit: 20,
    expireInSeconds: 15 * MINUTE_S,
    concurrency: 1,
    handle: ({ tenant }, { signal }) => deleteUnused(tenant, signal),
  };

  return {
    job,
    async planDeletion(trx: TenantTransaction, { id, slug }: Tenant): Promise<void> {
      const now = clock.now().getTime();
      if (now - (planned.get(id) ?? Number.NEGATIVE_INFINITY) < PLAN_MS) return;
      const startAfter = Math.ceil((UNUSED_MS + PLAN_MS) / 1000) + MINUTE_S;
      const payload: DeleteUnusedPayload = { tenant: { id, slug } };
      await queue.enqueue(trx, JOB, payload, { startAfter });
      planned.set(id, now);
    },
  };
}
