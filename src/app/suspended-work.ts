import { findTenantById } from '../features/tenancy/index.ts';
import type { Database } from '../platform/database/database.ts';
import type { JobContext, JobDefinition, Queue } from '../platform/queue/queue.ts';
import type { Logger } from '../platform/telemetry/log.ts';

/** What goes on for a tenant without anybody asking: while it is suspended, it rests. Nothing of it is lost. */
export type SuspendedWork = {
  /** The same jobs: those of a suspended tenant are put off, and begin anew when it is active again. */
  resting(jobs: readonly JobDefinition<never>[]): readonly JobDefinition<never>[];
  /** Breaks off what is under way for a tenant, where it may not be served any more. */
  look(tenantId: string): void;
  isServed(tenant: { id: string }): Promise<boolean>;
};

export type SuspendedWorkDependencies = {
  database: Database;
  queue: Pick<Queue, 'enqueue'>;
  log: Logger;
  /** Stops the answers under way of a tenant, and keeps what they said. */
  stopRuns(tenantId: string): void;
  /** Seconds after which a job of a suspended tenant is looked at again. */
  restSeconds?: number;
};

const REST_SECONDS = 60;

/** What takes data away goes on: nobody's deletion waits for a bill. */
const GO_ON: ReadonlySet<string> = new Set([
  'documents.purge',
  'documents.delete-unused-attachments',
  'chat.delete-expired-sessions',
]);

export function createSuspendedWork(deps: SuspendedWorkDependencies): SuspendedWork {
  const { database, queue, log, restSeconds = REST_SECONDS } = deps;
  const underWay = new Map<string, Set<AbortController>>();

  /** One that was deleted counts as served: its jobs know what to do. */
  async function isServed({ id }: { id: string }): Promise<boolean> {
    const row = await findTenantById(database.db, id);
    return row === undefined || row.status === 'active';
  }

  async function putOff({ name }: JobDefinition<never>, payload: object): Promise<void> {
    await database.transaction((trx) => queue.enqueue(trx, { name }, payload, { startAfter: restSeconds }));
  }

  /** Puts off what is broken off. Some jobs end quietly then; every job bears a repeat. */
  async function workOn(job: JobDefinition<never>, payload: never, context: JobContext, stop: AbortSignal) {
    try {
      await job.handle(payload, { ...context, signal: AbortSignal.any([context.signal, stop]) });
    } catch (error) {
      if (!stop.aborted) throw error;
    }
    if (stop.aborted) await putOff(job, payload);
  }

  async function work(job: JobDefinition<never>, payload: never, context: JobContext): Promise<void> {
    const id = tenantIdOf(payload);
    if (id === null) return job.handle(payload, context);
    const stop = new AbortController();
    const all = underWay.get(id) ?? new Set();
    underWay.set(id, all.add(stop));
    try {
      // Looked at once it is known here: a suspension in between breaks it off.
      if (await isServed({ id })) await workOn(job, payload, context, stop.signal);
      else await putOff(job, payload);
    } finally {
      all.delete(stop);
      if (all.size === 0 && underWay.get(id) === all) underWay.delete(id);
    }
  }

  async function rest(tenantId: string): Promise<void> {
    if (await isServed({ id: tenantId })) return;
    deps.stopRuns(tenantId);
    for (const stop of underWay.get(tenantId) ?? []) stop.abort(new Error('The tenant is suspended.'));
    log.info({ tenant_id: tenantId }, 'the work for a suspended tenant rests');
  }

  return {
    isServed,
    resting: (jobs) =>
      jobs.map((job) =>
        GO_ON.has(job.name) ? job : { ...job, handle: (payload: never, context) => work(job, payload, context) },
      ),
    look: (tenantId) => {
      rest(tenantId).catch((error: unknown) =>
        log.error({ err: error, tenant_id: tenantId }, 'the work for a tenant could not be looked at'),
      );
    },
  };
}

function tenantIdOf(payload: object): string | null {
  const { tenant } = payload as { tenant?: { id?: unknown } };
  return typeof tenant?.id === 'string' ? tenant.id : null;
}
