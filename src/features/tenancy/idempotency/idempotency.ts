import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import { newId } from '../../../platform/id.ts';
import type { JobDefinition, Queue } from '../../../platform/queue/queue.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import type { Forgetter } from '../forgetting/forgetter.ts';
import { inTenant } from '../tenancy.service.ts';
import type { Tenant } from '../tenant.ts';
import { createAnswerForgetter } from './answer-forgetter.ts';
import { idempotencyErrors } from './idempotency.errors.ts';
import * as store from './idempotency.store.ts';
import { type AnswerSeal, createAnswerSeal } from './sealed-answer.ts';

/** A request that may come again. */
export type Repeatable = {
  tenant: Tenant;
  /** Whose key it is: others may have the same. */
  subject: string;
  key: string;
  /** The same for the same request. */
  fingerprint: string;
  signal: AbortSignal;
};

export type Outcome<Result> = { result: Result; repeated: boolean };

export type Idempotency = {
  /**
   * Runs `work` for the first of several equal requests; the others wait for what it resolves to, for 24 hours. When it
   * throws, or its process dies, the next one runs it. A process that dies after its work and before it has stored the
   * answer, some milliseconds, lets the next one do the work again.
   * @throws ApiError ERR_IDEMPOTENCY_001, ERR_IDEMPOTENCY_002, ERR_IDEMPOTENCY_003
   */
  once<Result>(request: Repeatable, work: () => Promise<Result>): Promise<Outcome<Result>>;
  readonly jobs: readonly JobDefinition<never>[];
  /** Takes what is forgotten out of kept answers. */
  readonly forgetter: Forgetter;
};

type Dependencies = {
  database: Database;
  queue: Pick<Queue, 'enqueue'>;
  clock: Clock;
  log: Logger;
  secretKey: string;
  leases?: Leases;
};

/** How long a claim lasts without a sign of life, and how often its process gives one, ms. */
type Leases = { length: number; renewal: number };
const LEASES: Leases = { length: 15_000, renewal: 5_000 };

const HOUR_MS = 60 * 60 * 1000;
const KEPT_MS = 24 * HOUR_MS;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;

export function createIdempotency(deps: Dependencies): Idempotency {
  const { database, clock, log, leases = LEASES } = deps;
  const seal = createAnswerSeal(deps.secretKey);
  const purge = createPurge(deps);

  const claim = (request: Repeatable, claimId: string) =>
    inTenant(database, request.tenant, async (trx) => {
      const now = clock.now();
      const claimedUntil = later(now, leases.length);
      const claimed = await store.claimRequest(trx, {
        ...identify(request),
        fingerprint: request.fingerprint,
        claimId,
        now,
        claimedUntil,
        expiresAt: later(now, KEPT_MS),
      });
      if (claimed) await purge.plan(trx, request.tenant);
      return claimed ? 'ours' : await store.findRequest(trx, identify(request));
    });

  const perform = async <Result>(
    request: Repeatable,
    claimId: string,
    work: () => Promise<Result>,
  ): Promise<Result> => {
    const own = { ...identify(request), claimId };
    const change = (act: (trx: TenantTransaction) => Promise<void>) =>
      inTenant(database, request.tenant, act).catch((error: unknown) =>
        log.warn({ err: error, tenant: request.tenant.slug }, 'the claim on a repeatable request could not be changed'),
      );
    const prolong = () => void change((trx) => store.prolongClaim(trx, own, later(clock.now(), leases.length)));
    const renewal = setInterval(prolong, leases.renewal);
    try {
      const result = await work();
      await change((trx) => store.saveAnswer(trx, own, seal.seal(result, contextOf(request))));
      return result;
    } catch (error) {
      await change((trx) => store.releaseClaim(trx, own));
      throw error;
    } finally {
      clearInterval(renewal);
    }
  };

  return {
    jobs: [purge.job],
    forgetter: createAnswerForgetter(database, seal, contextOf),
    once: async <Result>(request: Repeatable, work: () => Promise<Result>) => {
      const claimId = newId();
      for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
        const found = await claim(request, claimId);
        if (found === 'ours') return { result: await perform(request, claimId, work), repeated: false };
        if (found && found.fingerprint !== request.fingerprint) throw idempotencyErrors.otherRequest();
        if (found?.answer) return { result: readAnswer<Result>(seal, found.answer, request), repeated: true };
        await delay(pause, undefined, { signal: request.signal });
      }
    },
  };
}

function identify({ subject, key }: Repeatable): store.RequestId {
  return { subject, key };
}

/** Binds a stored answer to its row: one that is copied to another cannot be opened there. */
function contextOf({ tenant, subject, key }: Pick<Repeatable, 'tenant' | 'subject' | 'key'>): string {
  return [tenant.id, subject, key].join('\n');
}

function readAnswer<Result>(seal: AnswerSeal, answer: Buffer, request: Repeatable): Result {
  if (answer.length === 0) throw idempotencyErrors.forgotten();
  try {
    return seal.open(answer, contextOf(request)) as Result;
  } catch (error) {
    throw idempotencyErrors.unreadable(undefined, { cause: error });
  }
}

function later(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}

const BATCH = 500;
const JOB = { name: 'tenancy.delete-expired-answers' } as const;
type PurgePayload = { tenant: Tenant };

/** Expired answers are deleted by a job that is enqueued with the first claim of an hour, to run when the hour's last has
 * expired: no clockwork walks over all tenants. */
function createPurge({ database, queue, clock }: Dependencies) {
  const planned = new Map<string, number>();

  async function purge({ tenant }: PurgePayload, signal: AbortSignal): Promise<void> {
    for (let deleted = BATCH; deleted === BATCH; ) {
      signal.throwIfAborted();
      deleted = await inTenant(database, tenant, (trx) => store.deleteExpiredRequests(trx, clock.now(), BATCH));
    }
  }

  const job: JobDefinition<PurgePayload> = {
    ...JOB,
    retryLimit: 20,
    expireInSeconds: 900,
    concurrency: 1,
    handle: (payload, { signal }) => purge(payload, signal),
  };

  async function plan(trx: TenantTransaction, { id, slug }: Tenant): Promise<void> {
    const now = clock.now().getTime();
    if (now - (planned.get(id) ?? Number.NEGATIVE_INFINITY) < HOUR_MS) return;
    const payload: PurgePayload = { tenant: { id, slug } };
    await queue.enqueue(trx, JOB, payload, { startAfter: (KEPT_MS + HOUR_MS) / 1_000 + 60 });
    planned.set(id, now);
  }
  return { job, plan };
}
