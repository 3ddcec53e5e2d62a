import type { ChatModel } from '../../../../ai/chat-model.ts';
import {
  parseReading,
  READING_INSTRUCTIONS,
  type ReadFact,
  readingQuestion,
  UnusableReadingError,
} from '../../../../lib/memory/fact-reading.ts';
import { valueKey } from '../../../../lib/memory/facts.ts';
import type { Clock } from '../../../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../../../platform/database/database.ts';
import type { JobDefinition, Queue } from '../../../../platform/queue/queue.ts';
import type { Logger } from '../../../../platform/telemetry/log.ts';
import type { Metrics } from '../../../../platform/telemetry/metrics.ts';
import { inTenant, type Tenant, type TenantSettings } from '../../../tenancy/index.ts';
import type { Meter } from '../../../usage/index.ts';
import { memorySettings } from '../../memory-settings.schema.ts';
import type { LearnedFrom } from '../../remember/learned-from.ts';
import { createWaker, type WakePayload } from '../../wake.ts';
import { endFacts } from '../fact.store.ts';
import { isToldByUser, learnFact } from '../learn.ts';
import * as store from './reading.store.ts';

export type FactReadingDependencies = {
  database: Database;
  queue: Pick<Queue, 'enqueue'>;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  meter: Meter;
  settings: Pick<TenantSettings, 'read'>;
  /** The model of this name, which must be one that can be told what to do. @throws where there is none */
  factModel(name: string): ChatModel;
};

export type FactReading = {
  /** Whether a tenant has messages read by a model. */
  isOn(tenant: Tenant): Promise<boolean>;
  /** Notes what is to be read, in the transaction that stores it. */
  queue(trx: TenantTransaction, memories: readonly LearnedFrom[]): Promise<void>;
  /** Asks for a look after that commit. */
  wake(tenant: Tenant): void;
  /** Reads what is to be read, here and now. `left`: something could not be. */
  read(tenant: Tenant, signal: AbortSignal): Promise<{ left: boolean }>;
  readonly jobs: readonly JobDefinition<never>[];
  settled(): Promise<void>;
};

const JOB = { name: 'memory.read-facts' } as const;
/** Messages of one question to the model. */
const BATCH = 8;
const CLAIM_MS = 10 * 60_000;
const MOST_ATTEMPTS = 3;
const MOST_KNOWN_ATTRIBUTES = 40;
const MOST_OUTPUT_TOKENS = 1_500;

/**
 * Has a model read facts from what people said, after it was stored and answered: nobody waits for it. Rules have read the
 * clear cases before; what a model adds says so, with the message and the words that say it.
 */
export function createFactReading(deps: FactReadingDependencies): FactReading {
  const { database, settings, clock } = deps;
  const waker = createWaker(deps, JOB);

  async function read(tenant: Tenant, signal: AbortSignal): Promise<{ left: boolean }> {
    const name = await settings.read(tenant, memorySettings.fact_model);
    // Turned off meanwhile: what waits is read when it is on again.
    if (name === null) return { left: false };
    for (;;) {
      signal.throwIfAborted();
      const now = clock.now();
      const claim = { limit: BATCH, now, until: new Date(now.getTime() + CLAIM_MS) };
      const claimed = await inTenant(database, tenant, (trx) => store.claimReadings(trx, claim));
      if (claimed.length === 0) return { left: false };
      for (const batch of batchesOf(claimed)) {
        if (!(await readBatch(deps, tenant, { name, batch }, signal))) {
          await release(deps, tenant, claimed, false);
          return { left: true };
        }
      }
    }
  }

  const job: JobDefinition<WakePayload> = {
    ...JOB,
    retryLimit: 3,
    expireInSeconds: 1_800,
    concurrency: 1,
    handle: async ({ tenant, tries }, { signal }) => {
      const { left } = await read(tenant, signal);
      if (left) await waker.again(tenant, tries + 1);
    },
  };

  return {
    isOn: async (tenant) => (await settings.read(tenant, memorySettings.fact_model)) !== null,
    queue: (trx, memories) =>
      store.queueReadings(
        trx,
        memories.filter(isToldByUser).map(({ number }) => number),
      ),
    wake: waker.wake,
    read,
    jobs: [job],
    settled: waker.settled,
  };
}

type Batch = readonly store.ClaimedReading[];

/** Of one person each, since it is they who pay; and alone after an answer that was no good. */
function batchesOf(claimed: Batch): Batch[] {
  const groups = Map.groupBy(claimed, ({ spaceId, userId, attempts, number }) =>
    attempts > 0 ? `alone ${number}` : `${spaceId} ${userId}`,
  );
  return [...groups.values()];
}

/** Whether the model answered, well or not. False: it is away, or must not be paid now; it is asked again later. */
async function readBatch(
  deps: FactReadingDependencies,
  tenant: Tenant,
  { name, batch }: { name: string; batch: Batch },
  signal: AbortSignal,
): Promise<boolean> {
  const { database, log, metrics } = deps;
  const messages = batch.map(({ content, validFrom }) => ({ text: content, saidAt: validFrom.toISOString() }));
  const [first] = batch;
  if (!first) return true;
  try {
    const known = await inTenant(database, tenant, (trx) =>
      store.knownAttributes(trx, first.spaceId, MOST_KNOWN_ATTRIBUTES),
    );
    const call = { tenant, userId: first.userId, apiKeyId: null, purpose: 'memory' } as const;
    const model = deps.meter.model(deps.factModel(name), call);
    const { facts, refused } = parseReading(await ask(model, readingQuestion(messages, known), signal), messages);
    await inTenant(database, tenant, (trx) => learn(trx, batch, facts));
    metrics.factReadings.inc({ outcome: 'read' }, batch.length);
    if (refused > 0) metrics.factReadings.inc({ outcome: 'fact-refused' }, refused);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    const unusable = error instanceof UnusableReadingError;
    metrics.factReadings.inc({ outcome: unusable ? 'refused' : 'failed' }, batch.length);
    log.warn({ err: error, tenant: tenant.slug, messages: batch.length }, 'facts could not be read by the model');
    if (unusable) await release(deps, tenant, batch, true);
    return unusable;
  }
}

async function release(
  { database }: FactReadingDependencies,
  tenant: Tenant,
  batch: Batch,
  failed: boolean,
): Promise<void> {
  const numbers = batch.map(({ number }) => number);
  await inTenant(database, tenant, (trx) =>
    store.releaseReadings(trx, numbers, { failed, mostAttempts: MOST_ATTEMPTS }),
  );
}

async function ask(model: ChatModel, question: string, signal: AbortSignal): Promise<string> {
  let answer = '';
  const request = {
    instructions: READING_INSTRUCTIONS,
    messages: [{ role: 'user', content: question }],
    passages: null,
    maxOutputTokens: MOST_OUTPUT_TOKENS,
    temperature: 0,
    signal,
  } as const;
  for await (const events of model.stream(request)) {
    for (const event of events) if (event.type === 'text-delta') answer += event.delta;
  }
  return answer;
}

/** What was forgotten or corrected while the model read yields nothing, and what a rule has read stays as it is. */
async function learn(trx: TenantTransaction, batch: Batch, facts: readonly ReadFact[]): Promise<void> {
  const numbers = batch.map(({ number }) => number);
  const current = await store.keepCurrent(trx, numbers);
  const known = await store.attributesOf(trx, numbers);
  for (const fact of facts) {
    const memory = batch[fact.message];
    if (!memory || !current.has(memory.number)) continue;
    const { subject, attribute } = fact;
    const isKnown = known.some(
      (one) => one.number === memory.number && one.subject === subject && one.attribute === attribute,
    );
    if (isKnown) continue;
    if (fact.holds) await learnFact(trx, memory, fact, 'model');
    else await endFacts(trx, memory.spaceId, { subject, attribute, valueKey: valueKey(fact.value) }, memory.validFrom);
  }
  await store.endReadings(trx, numbers);
}
