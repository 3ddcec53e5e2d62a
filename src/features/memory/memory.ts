import type { ChatModel } from '../../ai/chat-model.ts';
import type { Embedder } from '../../ai/embedder.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../platform/database/database.ts';
import type { JobDefinition, Queue } from '../../platform/queue/queue.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';
import type { Forgetting, Tenant, TenantSettings } from '../tenancy/index.ts';
import type { Meter } from '../usage/index.ts';
import { type ChatMemory, createChatMemory } from './chat/chat-memory.ts';
import { createForgetting } from './chat/forget-in-chat.ts';
import { createRunMemory, type RememberRunsDependencies } from './chat/remember-runs.ts';
import { createMemoryEmbedding, type MemoryEmbedding } from './embedding/embed-memories.ts';
import { createMemoryExport, type MemoryExport } from './facts/export.ts';
import { createFactService, type FactService } from './facts/fact.service.ts';
import { endFactsOf } from './facts/fact.store.ts';
import { learnFacts } from './facts/learn.ts';
import { createFactReading, type FactReading } from './facts/reading/read-facts.ts';
import { createLook, type Look, type LookDependencies } from './look.ts';
import { memorySettings } from './memory-settings.schema.ts';
import { createRecallService, type RecallService } from './recall/recall.service.ts';
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
  /** The model of this name, to read facts with. @throws where there is none */
  factModel(name: string): ChatModel;
  meter: Meter;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  settings: Pick<TenantSettings, 'read'>;
  /** Whose session it is; undefined where there is none. */
  sessionOwner(trx: TenantTransaction, sessionId: string): Promise<string | undefined>;
  forgetting: Forgetting;
  retention: Pick<RetentionDependencies, 'coldStorage' | 'schedule' | 'listTenants'>;
  takeEnded: RememberRunsDependencies['takeEnded'];
  hasEnded: LookDependencies['hasEnded'];
  /** The messages of the run before this one, which from now on is not remembered. */
  passOverPrevious(trx: TenantTransaction, sessionId: string, runId: string): Promise<string[]>;
};

export type Memory = {
  messages: RememberService;
  batches: ReturnType<typeof createBatches>;
  conversations: ConversationService;
  embedding: MemoryEmbedding;
  retention: Retention;
  recall: RecallService;
  facts: FactService;
  /** Facts by a model. */
  reading: FactReading;
  exports: MemoryExport;
  /** Remembers what was said in sessions of ours. */
  runs: ReturnType<typeof createRunMemory>;
  /** Finds what was left undone by a process that died. */
  look: Look;
  /** What memory gives to an answer. */
  chat: ChatMemory;
  jobs: readonly JobDefinition<never>[];
};

export function createMemory(deps: MemoryDependencies): Memory {
  const { database, embedder, settings } = deps;
  const spaces = createSpaces();
  const changed = (_tenant: Tenant) => undefined;
  const embedding = createMemoryEmbedding({ ...deps, changed });
  const reading = createFactReading(deps);
  const messages = createRememberService({
    ...deps,
    reading,
    spaces,
    embedderId: embedder?.id ?? null,
    wakeEmbedding: (tenant) => embedding.wake(tenant),
    learn: learnFacts,
    unlearn: endFactsOf,
    changed,
  });
  const retention = createRetention({ ...deps, ...deps.retention, changed });
  const recall = createRecallService({ ...deps, weightsOf: (tenant) => settings.read(tenant, memorySettings.weights) });
  const facts = createFactService({ ...deps, spaces });
  const wakeEmbedding = (tenant: Tenant) => embedding.wake(tenant);
  const runs = createRunMemory({ ...deps, reading, spaces, messages, wakeEmbedding, changed });
  const forgetting = createForgetting({ ...deps, recall, changed });
  const look = createLook({
    ...deps,
    listTenants: deps.retention.listTenants,
    embedderId: embedder?.id ?? null,
    wake: { runs: runs.wake, embedding: wakeEmbedding, reading: reading.wake },
  });
  return {
    messages,
    batches: createBatches(messages),
    conversations: createConversationService({ database, spaces, changed }),
    embedding,
    retention,
    recall,
    facts,
    reading,
    exports: createMemoryExport({ ...deps, spaces, messages, facts }),
    runs,
    look,
    chat: createChatMemory({ ...deps, recall, forgetting }),
    jobs: [...embedding.jobs, ...runs.jobs, ...reading.jobs, ...retention.jobs, ...look.jobs],
  };
}
