import { type Db as BossDatabase, type Job as BossJob, fromKysely, PgBoss } from 'pg-boss';
import {
  asInstallation,
  type Database,
  type Db,
  type PlatformTransaction,
  type TenantTransaction,
} from '../database/database.ts';
import { currentWork, inWork, outsideOfWork, type Tracing, traceIdOf, type Work } from '../telemetry/tracing.ts';
import { planDueCalls } from './due-calls.ts';

/** What a job is called, how it is retried and what does it. Effects happen at least once: handlers must bear a repeat. */
export type JobDefinition<Payload extends object> = {
  /** `<feature>.<verb>` */
  name: string;
  /** Repeats after a failure, with growing delay. */
  retryLimit: number;
  /** Longest time for one try, seconds. */
  expireInSeconds: number;
  /** Jobs of this name that one process works on at the same time. */
  concurrency: number;
  /** How long a try that gives no sign of life is believed, seconds; 10 where it is left out. */
  heartbeatSeconds?: number;
  /** Five cron fields, UTC: it is added by itself then, once for all processes. */
  schedule?: string;
  handle(payload: Payload, context: JobContext): Promise<void>;
};

export type JobContext = {
  jobId: string;
  /** Aborted when the job's time is over or the process shuts down. */
  signal: AbortSignal;
};

/** Names a job and the type of its payload, so that one can enqueue it without its handler. */
export type JobName<Payload extends object> = { readonly name: string; readonly payload?: Payload };

export type EnqueueOptions = {
  /** While a job with this key waits, another is not added. */
  singletonKey?: string;
  /** Seconds to wait before the first try. */
  startAfter?: number;
};

export type Queue = {
  /** Adds a job in the caller's transaction: it exists if, and only if, that commits. */
  enqueue<Payload extends object>(
    trx: PlatformTransaction | TenantTransaction,
    job: JobName<Payload>,
    payload: Payload,
    options?: EnqueueOptions,
  ): Promise<void>;
  /** Creates the queues and, when `work` is set, starts to take jobs. */
  start(jobs: readonly JobDefinition<never>[], options: { work: boolean }): Promise<void>;
  /** Takes no more jobs, lets running ones finish for at most `timeout` ms, then aborts them: they are tried again later. */
  stop(timeout: number): Promise<void>;
  /** Jobs by queue that wait and that are being worked on. */
  counts(): Promise<readonly { name: string; waiting: number; active: number; failed: number }[]>;
  /** How long the job has been due that has waited longest, seconds, for each queue that has one. */
  ages(): Promise<readonly { name: string; seconds: number }[]>;
};

export type QueueEvents = {
  onError(error: Error): void;
  onWarning(warning: unknown): void;
  /** Told of each try of a job: `aborted` where its time was over or the process stopped. */
  onJob?(queue: string, outcome: JobOutcome, seconds: number, error: unknown): void;
  /** Jobs go on in the trace of what enqueued them. */
  tracing?: Tracing | null;
};

export type JobOutcome = 'done' | 'failed' | 'aborted';

const HEARTBEAT_SECONDS = 10;
const NO_JOB = '00000000-0000-0000-0000-000000000000';

export function createQueue(database: Database, events: QueueEvents): Queue {
  const boss = new PgBoss({
    db: bossDatabase(database),
    backend: database.kind === 'embedded' ? 'pglite' : 'postgres',
    schema: 'pgboss',
    useListenNotify: true,
    superviseIntervalSeconds: 1,
    maintenanceIntervalSeconds: 300,
    schedule: true,
  });
  boss.on('error', (error: unknown) => events.onError(asError(error)));
  boss.on('warning', events.onWarning);
  const workers: Workers = new Map();
  const dueCalls = planDueCalls((name) => {
    for (const id of workers.get(name) ?? []) boss.notifyWorker(id);
  });
  return {
    enqueue: async (trx, job, payload, options = {}) => {
      await enqueue(boss, trx, job.name, payload, options);
      if (options.startAfter && workers.has(job.name)) dueCalls.plan(job.name, options.startAfter);
    },
    start: async (jobs, { work }) => {
      await boss.start();
      for (const job of jobs) await createJobQueue(boss, job);
      for (const { name, schedule } of jobs) {
        if (schedule) await boss.schedule(name, schedule, {}, { tz: 'UTC' });
        // One that an earlier setting left.
        else await boss.unschedule(name);
      }
      if (work) for (const job of jobs) await workOn(boss, job as unknown as JobDefinition<object>, events, workers);
    },
    stop: (timeout) => {
      dueCalls.stop();
      return boss.stop({ graceful: true, timeout, close: false });
    },
    counts: () => countJobs(boss),
    ages: () => readAges(database),
  };
}

/** pg-boss passes on copies, which are no errors any more. */
function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const { message, ...rest } = thrown as { message?: unknown };
  return Object.assign(new Error(String(message)), rest);
}

function bossDatabase(database: Database): BossDatabase {
  return {
    executeSql: async (text, values) => database.execute(text, values),
    listen: async (channel, onNotification, onReconnect) => {
      const close = await database.listen(channel, onNotification);
      onReconnect();
      return { close };
    },
  };
}

async function enqueue(boss: PgBoss, trx: Db, name: string, payload: object, options: EnqueueOptions): Promise<void> {
  const trace = currentWork()?.span?.traceparent;
  const kept = trace ? { ...payload, [TRACE]: trace } : payload;
  await asInstallation(trx, () => boss.send(name, kept, { ...options, db: fromKysely(trx) }));
}

async function createJobQueue(boss: PgBoss, job: JobDefinition<never>): Promise<void> {
  const options = {
    retryLimit: job.retryLimit,
    retryBackoff: true,
    expireInSeconds: job.expireInSeconds,
    // Without a heartbeat a job whose worker was killed would wait for its whole expiry.
    heartbeatSeconds: job.heartbeatSeconds ?? HEARTBEAT_SECONDS,
    notify: true,
  };
  if (await boss.getQueue(job.name)) await boss.updateQueue(job.name, options);
  else await boss.createQueue(job.name, options);
  // Reads the queue into pg-boss' cache: to look it up while one enqueues would need a connection besides the
  // transaction's, which the embedded database does not have.
  await boss.getJobById(job.name, NO_JOB);
}

/** Where a payload keeps the trace that it belongs to. */
const TRACE = '_trace';

/** A notice wakes workers at once; this is how soon they look when one was lost, seconds. */
const POLLING_SECONDS = 5;

/** Of this process, by the name of their queue. */
type Workers = Map<string, string[]>;

async function workOn(boss: PgBoss, job: JobDefinition<object>, events: QueueEvents, workers: Workers): Promise<void> {
  const options = {
    batchSize: 1,
    pollingIntervalSeconds: POLLING_SECONDS,
    notifyPollingIntervalSeconds: POLLING_SECONDS,
  };
  for (let worker = 0; worker < job.concurrency; worker += 1) {
    const id = await boss.work(job.name, options, async ([found]: BossJob<object>[]) => {
      // Notices that come while it works count as one, so it looks again after each job instead of waiting out its poll.
      boss.notifyWorker(id);
      if (found) await outsideOfWork(() => handle(job, found, events));
    });
    workers.set(job.name, [...(workers.get(job.name) ?? []), id]);
  }
}

async function handle(job: JobDefinition<object>, found: BossJob<object>, events: QueueEvents): Promise<void> {
  const { [TRACE]: parent, ...payload } = found.data as { [TRACE]?: string };
  const work = workOf(job.name, found.id, parent, events.tracing ?? null);
  const begun = performance.now();
  const end = (outcome: JobOutcome, error?: unknown) => {
    work.span?.end(error);
    events.onJob?.(job.name, outcome, (performance.now() - begun) / 1000, error);
  };
  await inWork(work, async () => {
    try {
      await job.handle(payload, { jobId: found.id, signal: found.signal });
      end('done');
    } catch (error) {
      end(found.signal.aborted ? 'aborted' : 'failed', error);
      throw error;
    }
  });
}

/** https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans */
function workOf(queue: string, jobId: string, parent: string | undefined, tracing: Tracing | null): Work {
  const span =
    tracing?.begin(`process ${queue}`, 'consumer', {
      parent,
      attributes: {
        'messaging.system': 'pgboss',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': queue,
        'messaging.message.id': jobId,
      },
    }) ?? null;
  const trace = span?.traceparent ?? parent;
  return { ids: { job_id: jobId, queue, ...(trace && { trace_id: traceIdOf(trace) }) }, span };
}

async function countJobs(boss: PgBoss) {
  const queues = await boss.getQueues();
  return queues.map(({ name, queuedCount, activeCount, failedCount }) => ({
    name,
    waiting: queuedCount,
    active: activeCount,
    failed: failedCount ?? 0,
  }));
}

async function readAges(database: Database) {
  const { rows } = await database.execute(
    `SELECT name, EXTRACT(EPOCH FROM now() - min(start_after))::float8 AS seconds FROM pgboss.job
     WHERE state < 'active' AND start_after <= now() GROUP BY name`,
  );
  return rows.map(({ name, seconds }) => ({ name: String(name), seconds: Number(seconds) }));
}
