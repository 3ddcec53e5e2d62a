import type { Embedder } from '../../ai/embedder.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../platform/database/database.ts';
import type { JobDefinition, Queue } from '../../platform/queue/queue.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';
import type { Forgetting, Tenant } from '../tenancy/index.ts';
import type { Meter } from '../usage/index.ts';
import { createMemoryEmbedding, type MemoryEmbedding } from './embedding/embed-memories.ts';
import { createBatches } from './remember/batch.ts';
import { type ConversationService, createConversationService } from './remember/conversations.service.ts';
import { createRememberService, type RememberService } from './remember/remember.service.ts';
import { createSpaces } from './remember/spaces.ts';
import { createRetention, type Retention, type RetentionDependencies } from './retention/retention.service.ts';

export type MemoryDependencies = {
  database: Database;
  queue: Queue;
  /** Null: memories are found by their words only. */
  embedder: Embedder | null;
  meter: Meter;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  /** Whose session it is; undefined where there is none. */
  sessionOwner(trx: TenantTransaction, sessionId: string): Promise<string | undefined>;
  forgetting: Forgetting;
  retention: Pick<RetentionDependencies, 'coldStorage' | 'schedule' | 'listTenants'>;
};

export type Memory = {
  messages: RememberService;
  batches: ReturnType<typeof createBatches>;
  conversations: ConversationService;
  embedding: MemoryEmbedding;
  retention: Retention;
  jobs: readonly JobDefinition<never>[];
};

export function createMemory(deps: MemoryDependencies): Memory {
  const { database, embedder } = deps;
  const spaces = createSpaces();
  const changed = (_tenant: Tenant) => undefined;
  const embedding = createMemoryEmbedding({ ...deps, changed });
  const messages = createRememberService({
    ...deps,
    spaces,
    embedderId: embedder?.id ?? null,
    wakeEmbedding: (tenant) => embedding.wake(tenant),
    learn: async () => undefined,
    unlearn: async () => undefined,
    changed,
  });
  const retention = createRetention({ ...deps, ...deps.retention, changed });
  return {
    messages,
    batches: createBatches(messages),
    conversations: createConversationService({ database, spaces, changed }),
    embedding,
    retention,
    jobs: [...embedding.jobs, ...retention.jobs],
  };
}
