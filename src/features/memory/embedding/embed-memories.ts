import { ModelError } from '../../../ai/chat-model.ts';
import type { Embedder } from '../../../ai/embedder.ts';
import type { Database } from '../../../platform/database/database.ts';
import { ApiError } from '../../../platform/http/errors.ts';
import type { JobDefinition, Queue } from '../../../platform/queue/queue.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import { type Meter, nobody } from '../../usage/index.ts';
import { embeddingFaults } from '../memory.errors.ts';
import { createWaker, type WakePayload } from '../wake.ts';
import * as store from './vector.store.ts';

export type EmbeddingDependencies = {
  database: Database;
  queue: Pick<Queue, 'enqueue'>;
  servingEmbedder(tenant: Tenant): Embedder | null;
  onEmbedded?(tenant: Tenant): void;
  meter: Meter;
  log: Logger;
  metrics: Metrics;
  /** Called after vectors were stored: searches by meaning find more than before. */
  changed(tenant: Tenant): void;
};

export type MemoryEmbedding = {
  /** Asks for the vectors of what was just committed. Calls within a moment are one job. */
  wake(tenant: Tenant): void;
  /** Embeds what is without a vector, here and now. Returns how many memories are still without. */
  embed(tenant: Tenant, signal: AbortSignal): Promise<{ left: boolean }>;
  readonly jobs: readonly JobDefinition<never>[];
  /** Resolves when no wake call is under way; what comes later is not waited for. */
  settled(): Promise<void>;
};

const JOB = { name: 'memory.embed' } as const;

/** Texts of one request to the embedder. */
const BATCH = 64;
/** Tries after which a memory says `failed` instead of `pending`. */
const ATTEMPTS_BEFORE_FAILED = 3;

/**
 * The rows themselves say what is to be embedded; a job is only the call to look. So a job that is lost, or an outage that
 * outlives every retry, loses nothing: whatever looks next embeds what it finds, and after an outage a job looks again by
 * itself until all is done. A vector is only ever one that the embedder gave.
 */
export function createMemoryEmbedding(deps: EmbeddingDependencies): MemoryEmbedding {
  const { database } = deps;
  const waker = createWaker(deps, JOB);

  async function embed(tenant: Tenant, signal: AbortSignal): Promise<{ left: boolean }> {
    const embedder = deps.servingEmbedder(tenant);
    if (!embedder) return { left: false };
    const metered = deps.meter.embedder(embedder, { tenant, ...nobody, purpose: 'memory' });
    for (let after = 0; ; ) {
      signal.throwIfAborted();
      const found = await inTenant(database, tenant, (trx) =>
        store.findUnembedded(trx, embedder.id, { after, limit: BATCH }),
      );
      const last = found.at(-1);
      if (!last) {
        if (after > 0) deps.onEmbedded?.(tenant);
        return { left: false };
      }
      if (!(await embedBatch(deps, metered, tenant, found, signal))) return { left: true };
      after = last.number;
    }
  }

  const job: JobDefinition<WakePayload> = {
    ...JOB,
    retryLimit: 3,
    expireInSeconds: 3_600,
    concurrency: 1,
    handle: async ({ tenant, tries }, { signal }) => {
      const { left } = await embed(tenant, signal);
      if (left) await waker.again(tenant, tries + 1);
    },
  };

  return {
    jobs: [job],
    embed,
    wake: (tenant) => {
      if (deps.servingEmbedder(tenant)) waker.wake(tenant);
    },
    settled: waker.settled,
  };
}

/** Whether the embedder answered. A text that it does not take is marked, and the others are embedded without it. */
async function embedBatch(
  deps: EmbeddingDependencies,
  embedder: Embedder,
  tenant: Tenant,
  memories: readonly store.Unembedded[],
  signal: AbortSignal,
): Promise<boolean> {
  const different = [...Map.groupBy(memories, ({ content_hash }) => content_hash.toString('hex')).values()];
  try {
    const texts = different.map(([first]) => first?.content ?? '');
    const vectors = await embedder.embed(texts, signal);
    const made = different.map(([first], index) => ({ contentHash: hashOf(first), vector: vectorAt(vectors, index) }));
    await inTenant(deps.database, tenant, (trx) => store.saveVectors(trx, embedder.id, made));
  } catch (error) {
    signal.throwIfAborted();
    const refused = error instanceof ModelError && error.kind === 'bad-request';
    if (refused && different.length > 1) return embedOneByOne(deps, embedder, tenant, different, signal);
    await noteFault(deps, tenant, memories, error, refused ? embedder.id : null);
    return refused;
  }
  deps.metrics.memoryEmbeddings.inc({ status: 'completed' }, memories.length);
  deps.changed(tenant);
  return true;
}

async function embedOneByOne(
  deps: EmbeddingDependencies,
  embedder: Embedder,
  tenant: Tenant,
  groups: readonly (readonly store.Unembedded[])[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const same of groups) if (!(await embedBatch(deps, embedder, tenant, same, signal))) return false;
  return true;
}

async function noteFault(
  { database, log, metrics }: EmbeddingDependencies,
  tenant: Tenant,
  memories: readonly store.Unembedded[],
  error: unknown,
  refusedBy: string | null,
): Promise<void> {
  log.warn({ err: error, tenant: tenant.slug, memories: memories.length }, 'memories could not be embedded');
  metrics.memoryEmbeddings.inc({ status: 'failed' }, memories.length);
  const numbers = memories.map(({ number }) => number);
  const fault = refusedBy === null ? passingFault(error) : embeddingFaults.refused;
  const options = { refusedBy, mostAttempts: ATTEMPTS_BEFORE_FAILED };
  await inTenant(database, tenant, (trx) => store.noteFault(trx, numbers, fault, options));
}

/** A budget that is spent says so in its own words. */
function passingFault(error: unknown): store.Fault {
  if (error instanceof ApiError) return { code: error.definition.code, detail: error.message };
  return embeddingFaults.unavailable;
}

function hashOf(memory: store.Unembedded | undefined): Buffer {
  if (!memory) throw new Error('A group of memories was empty.');
  return memory.content_hash;
}

function vectorAt(vectors: readonly (readonly number[])[], index: number): readonly number[] {
  const vector = vectors[index];
  if (!vector || vector.length === 0) throw new Error(`The embedder gave no vector for text ${index}.`);
  return vector;
}
