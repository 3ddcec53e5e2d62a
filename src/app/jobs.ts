import type { JobDefinition } from '../platform/queue/queue.ts';
import { migrateLateTenants } from './installation.ts';
import type { Services } from './services.ts';

/** What the queue is started with. */
export function jobsOf(services: Services): readonly JobDefinition<never>[] {
  const { embeddings, documents, code, memory, chat, idempotency, forgetting, outbox, tenancy, backups } = services;
  const features = [...documents.jobs, ...code.jobs, ...memory.jobs, ...chat.jobs, ...embeddings.jobs];
  const always = [...idempotency.jobs, ...forgetting.jobs, ...tenancy.exports.jobs, ...backups.jobs];
  return [...services.suspendedWork.resting(features), ...always, ...lateTenantJobs(services), ...(outbox?.jobs ?? [])];
}

/** Each minute; tenants that are older than this were seen by a server's start, or by an earlier look, ms. */
const LATE_LOOK_MS = 15 * 60 * 1000;

/** While servers of two versions work on one database, the newer ones migrate the tenants that the older ones make. */
function lateTenantJobs(services: Services): readonly JobDefinition<never>[] {
  if (services.database.kind === 'embedded') return [];
  const job: JobDefinition<object> = {
    name: 'tenancy.migrate-late',
    retryLimit: 0,
    expireInSeconds: 600,
    concurrency: 1,
    schedule: '* * * * *',
    handle: () => migrateLateTenants(services, new Date(services.clock.now().getTime() - LATE_LOOK_MS)),
  };
  return [job as unknown as JobDefinition<never>];
}
