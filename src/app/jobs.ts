import type { JobDefinition } from '../platform/queue/queue.ts';
import type { Services } from './services.ts';

/** What the queue is started with. */
export function jobsOf({
  embeddings,
  documents,
  memory,
  chat,
  idempotency,
  forgetting,
  outbox,
  tenancy,
  backups,
}: Services): readonly JobDefinition<never>[] {
  const own = [
    ...documents.jobs,
    ...memory.jobs,
    ...chat.jobs,
    ...idempotency.jobs,
    ...forgetting.jobs,
    ...embeddings.jobs,
  ];
  return [...own, ...tenancy.exports.jobs, ...backups.jobs, ...(outbox?.jobs ?? [])];
}
