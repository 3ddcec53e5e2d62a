import type { Database } from '../../platform/database/database.ts';
import type { JobName, Queue } from '../../platform/queue/queue.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import { outsideOfWork } from '../../platform/telemetry/tracing.ts';
import { inTenant, type Tenant } from '../tenancy/index.ts';

export type WakePayload = { tenant: Tenant; tries: number };

export type Waker = {
  /** Asks for a look at a tenant's rows; calls within a moment are one job. */
  wake(tenant: Tenant): void;
  /** Asks for another look after a pause that grows with `tries`, up to 10 minutes. */
  again(tenant: Tenant, tries: number): Promise<void>;
  /** Resolves when no call is under way. */
  settled(): Promise<void>;
};

const GATHER_MS = 50;
const FIRST_PAUSE_SECONDS = 5;
const LONGEST_PAUSE_SECONDS = 600;

/** For work whose order is a row that is committed already: the job is only the call to look, and may be lost. */
export function createWaker(
  { database, queue, log }: { database: Database; queue: Pick<Queue, 'enqueue'>; log: Logger },
  job: JobName<WakePayload>,
): Waker {
  const waiting = new Map<string, Tenant>();
  let sending: Promise<void> | null = null;

  async function enqueue({ id, slug }: Tenant, tries: number): Promise<void> {
    const startAfter = tries === 0 ? 0 : Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (tries - 1));
    // A look that waits out an outage must not hold back the call to look at once.
    const singletonKey = tries === 0 ? slug : `${slug} again`;
    await inTenant(database, { id, slug }, (trx) =>
      queue.enqueue(trx, job, { tenant: { id, slug }, tries }, { singletonKey, ...(startAfter > 0 && { startAfter }) }),
    );
  }

  async function send(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    const tenants = [...waiting.values()];
    waiting.clear();
    sending = null;
    for (const tenant of tenants) {
      await enqueue(tenant, 0).catch((error: unknown) =>
        log.warn(
          { err: error, tenant: tenant.slug, job: job.name },
          'a job could not be asked for; the next call will',
        ),
      );
    }
  }

  return {
    wake: (tenant) => {
      waiting.set(tenant.id, tenant);
      // For many at once.
      sending ??= outsideOfWork(send);
    },
    again: (tenant, tries) => enqueue(tenant, tries),
    settled: async () => {
      while (sending) await sending;
    },
  };
}
