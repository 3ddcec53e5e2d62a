import { admit } from '../../../lib/memory/admission.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import type { JobDefinition, Queue } from '../../../platform/queue/queue.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import { inTenant, type Tenant, type TenantSettings } from '../../tenancy/index.ts';
import type { FactReading } from '../facts/reading/read-facts.ts';
import { memorySettings } from '../memory-settings.schema.ts';
import type { Said } from '../remember/prepare.ts';
import type { RememberService } from '../remember/remember.service.ts';
import type { Spaces } from '../remember/spaces.ts';
import { createWaker, type WakePayload } from '../wake.ts';

/** A run of a session of ours that has ended, as the chat feature gives it. */
export type EndedTalk = {
  session_id: string;
  user_id: string;
  subject: string;
  messages: readonly { id: string; role: 'user' | 'assistant'; content: string; created_at: Date }[];
  recalled: readonly string[];
};

export type RememberRunsDependencies = {
  database: Database;
  queue: Pick<Queue, 'enqueue'>;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  settings: Pick<TenantSettings, 'read'>;
  spaces: Spaces;
  messages: Pick<RememberService, 'rememberWithin'>;
  wakeEmbedding(tenant: Tenant): void;
  reading: Pick<FactReading, 'isOn' | 'wake'>;
  changed(tenant: Tenant): void;
  /** Takes runs that have ended and marks them as taken, in the same transaction as what is remembered of them. */
  takeEnded(trx: TenantTransaction, limit: number): Promise<{ runs: readonly EndedTalk[]; left: boolean }>;
};

const JOB = { name: 'memory.remember-runs' } as const;
const BATCH = 20;

/** Remembers what was said in sessions: a run that has ended is taken and remembered in one transaction, exactly once. */
export function createRunMemory(deps: RememberRunsDependencies) {
  const { database, settings, metrics } = deps;
  const waker = createWaker(deps, JOB);

  async function remember(tenant: Tenant, signal: AbortSignal): Promise<void> {
    const isOn = await settings.read(tenant, memorySettings.remember);
    const byModel = await deps.reading.isOn(tenant);
    for (let left = true; left; ) {
      signal.throwIfAborted();
      const taken = await deps.spaces.withKnown(tenant, () =>
        inTenant(database, tenant, async (trx) => {
          const ended = await deps.takeEnded(trx, BATCH);
          const said = isOn ? await saidIn(trx, tenant, ended.runs) : [];
          const stored = said.length === 0 ? [] : await deps.messages.rememberWithin(trx, tenant, said, { byModel });
          return { left: ended.left, stored };
        }),
      );
      left = taken.left;
      if (taken.stored.length > 0) deps.changed(tenant);
      if (taken.stored.length > 0 && byModel) deps.reading.wake(tenant);
      if (taken.stored.some(({ embedding_status }) => embedding_status === 'pending')) deps.wakeEmbedding(tenant);
    }
  }

  async function saidIn(trx: TenantTransaction, tenant: Tenant, runs: readonly EndedTalk[]): Promise<Said[]> {
    const said: Said[] = [];
    for (const run of runs) {
      const spaceId = await deps.spaces.ensure(trx, { tenant, userId: run.user_id }, { subject: run.subject });
      for (const message of run.messages) {
        const { content, noise } = admit(message.content, message.role === 'assistant' ? run.recalled : []);
        if (noise !== null) metrics.memoriesRefused.inc({ noise });
        else said.push(saidOf(run, message, content, spaceId));
      }
    }
    return said;
  }

  function saidOf(run: EndedTalk, message: EndedTalk['messages'][number], content: string, spaceId: number): Said {
    return {
      spaceId,
      createdBy: run.user_id,
      sessionId: run.session_id,
      messageId: message.id,
      conversationId: run.session_id,
      role: message.role,
      content,
      metadata: {},
      importanceOverride: null,
      saidAt: message.created_at,
      defaultTime: message.created_at,
    };
  }

  const job: JobDefinition<WakePayload> = {
    ...JOB,
    retryLimit: 10,
    expireInSeconds: 600,
    concurrency: 1,
    handle: ({ tenant }, { signal }) => remember(tenant, signal),
  };

  return { jobs: [job] as readonly JobDefinition<never>[], wake: waker.wake, settled: waker.settled, remember };
}
