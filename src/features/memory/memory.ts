import type { ChatModel } from '../../ai/chat-model.ts';
import type { Embedder } from '../../ai/embedder.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../platform/database/database.ts';
import type { JobDefinition, Queue } from '../../platform/queue/queue.ts';
import type { RedisConnection } from '../../platform/redis/redis.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';
import type { EmbeddedArea } from '../embeddings/index.ts';
import type { Forgetter, Forgetting, Tenant, TenantSettings } from '../tenancy/index.ts';
import type { Meter } from '../usage/index.ts';
import { type ChatMemory, createChatMemory } from './chat/chat-memory.ts';
import { createForgetting } from './chat/forget-in-chat.ts';
import { createRunMemory, type RememberRunsDependencies } from './chat/remember-runs.ts';
import { createMemoryEmbedding, type MemoryEmbedding } from './embedding/embed-memories.ts';
import { memoryVectors } from './embedding/memory-vectors.ts';
import { createMemoryExport, type MemoryExport } from './facts/export.ts';
import { createFactService, type FactService } from './facts/fact.service.ts';
import { endFactsOf } from './facts/fact.store.ts';
import { learnFacts } from './facts/learn.ts';
import { createFactReading, type FactReading } from './facts/reading/read-facts.ts';
import { hasCold, removeCold } from './forgetting/cold-memories.ts';
import { createMemoryForgetter } from './forgetting/memory-forgetter.ts';
import { createLiveMemories, type LiveMemories } from './live/live-memories.ts';
import { createLook, type Look, type LookDependencies } from './look.ts';
import { memorySettings } from './memory-settings.schema.ts';
import { memoryView } from './memory-view.ts';
import { createRecallService, type RecallService } from './recall/recall.service.ts';
import { createBatches } from './remember/batch.ts';
import { type ConversationService, createConversationService } from './remember/conversations.service.ts';
import { createRememberService, type RememberService } from './remember/remember.service.ts';
import { createSpaces } from './remember/spaces.ts';
import { createRetention, type Retention, type RetentionDependencies } from './retention/retention.service.ts';

export type MemoryDependencies = {
  database: Database;
  queue: Queue;
  /** Null: other processes are told of news through PostgreSQL. */
  redis?: RedisConnection | null;
  /** Null: memories are found by their words only. */
  embedder: Embedder | null;
  /** The model of this name, to read facts with. @throws where there is none */
  factModel(name: string): ChatModel;
  /** The one whose vectors a tenant's searches use, where that may be another one than `embedder`. */
  servingEmbedder?(tenant: Tenant): Embedder | null;
  /** Called after memories got vectors of the serving embedder. */
  onEmbedded?(tenant: Tenant): void;
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
  /** Memories as they come. */
  live: LiveMemories;
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
  /** Their texts, for embedders. */
  vectors: EmbeddedArea;
  /** What memory knows about forgetting. */
  forgetter: Forgetter;
  /** Removes what cold storage has of a tenant that is gone. */
  removeFiles(tenant: Tenant, signal: AbortSignal): Promise<void>;
  /** Forgets what is kept in this process of questions. */
  forgetCaches(): void;
  jobs: readonly JobDefinition<never>[];
};

export function createMemory(deps: MemoryDependencies): Memory {
  const { embedder, settings } = deps;
  const servingEmbedder = (tenant: Tenant) => deps.servingEmbedder?.(tenant) ?? embedder;
  const spaces = createSpaces();
  const live = createLiveMemories({
    ...deps,
    view: (tenant, row) => memoryView(row, servingEmbedder(tenant) !== null),
  });
  const changed = live.announce;
  const embedding = createMemoryEmbedding({ ...deps, servingEmbedder, changed });
  const reading = createFactReading(deps);
  const messages = createRememberService({
    ...deps,
    reading,
    spaces,
    embedderId: (tenant) => servingEmbedder(tenant)?.id ?? null,
    wakeEmbedding: (tenant) => embedding.wake(tenant),
    learn: learnFacts,
    unlearn: endFactsOf,
    changed,
  });
  const retention = createRetention({ ...deps, ...deps.retention, changed });
  const recall = createRecallService({
    ...deps,
    servingEmbedder,
    weightsOf: (tenant) => settings.read(tenant, memorySettings.weights),
  });
  const facts = createFactService({ ...deps, spaces });
  const wakeEmbedding = (tenant: Tenant) => embedding.wake(tenant);
  const runs = createRunMemory({ ...deps, reading, spaces, messages, wakeEmbedding, changed });
  const inChat = createForgetting({ ...deps, recall, changed });
  const look = createLook({
    ...deps,
    listTenants: deps.retention.listTenants,
    embedderId: (tenant) => servingEmbedder(tenant)?.id ?? null,
    wake: { runs: runs.wake, embedding: wakeEmbedding, reading: reading.wake },
  });
  return {
    messages,
    batches: createBatches(messages),
    conversations: createConversationService({
      ...deps,
      spaces,
      changed,
      hasCold: (tenant) => hasCold(deps.retention.coldStorage, tenant),
    }),
    forgetter: createMemoryForgetter(deps.retention),
    removeFiles: (tenant, signal) => removeCold(deps.retention.coldStorage, tenant, signal),
    forgetCaches: recall.forgetQuestions,
    live,
    embedding,
    vectors: memoryVectors,
    retention,
    recall,
    facts,
    reading,
    exports: createMemoryExport({ ...deps, spaces, messages, facts }),
    runs,
    look,
    chat: createChatMemory({ ...deps, recall, forgetting: inChat }),
    jobs: [...embedding.jobs, ...runs.jobs, ...reading.jobs, ...retention.jobs, ...look.jobs],
  };
}
