import type { Clock } from '../../../platform/clock.ts';
import type { RedisConnection } from '../../../platform/redis/redis.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import type { Tracing } from '../../../platform/telemetry/tracing.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import { runFaults } from '../chat.errors.ts';
import { type MessageView, messageView } from '../message.ts';
import {
  type AnsweringPorts,
  answeringOf,
  boundsOf,
  DEFAULT_RUN_LIMITS,
  type KnownToRun,
  type Retrieve,
  type WorkOnRun,
} from './answering.ts';
import { type RunEnd, readEvents } from './event.store.ts';
import type { EventLine, RunEndStatus, RunFault, RunUsage } from './event.ts';
import { EventLog, LeaseLostError } from './event-log.ts';
import { LiveRun } from './live-run.ts';
import { LostCancels } from './lost-cancels.ts';
import { historyLimit } from './model-context.ts';
import { isAnswered, type Produced, produceAnswer } from './produce-answer.ts';
import { type AwaitedCall, type HistoryRow, type RetrievalRequest, type RunRow, readHistory } from './run.store.ts';
import { faultOf } from './run-fault.ts';
import { type FeedSources, followRun } from './run-feed.ts';
import { Followers } from './run-followers.ts';
import { Notices } from './run-notices.ts';
import { traceOf } from './run-trace.ts';
import { noteRunEnd, workOnRun } from './run-work.ts';
import { RunWriter } from './run-writer.ts';
import { SessionTitles } from './session-titles.ts';
import { claimAnswered, claimExpired } from './tool-answer.store.ts';
import { UnendedRuns } from './unended-runs.ts';
import { addUsage, stepUsage } from './usage.ts';
import type { WaitPlanner } from './waiting-runs.ts';
import { workerExists } from './worker.store.ts';
import { DEFAULT_LEASE_TIMES, type LeaseTimes, WorkerLease } from './worker-lease.ts';

export type RunEngineDependencies = AnsweringPorts & {
  /** Carries notices between processes where there is one. */
  redis?: RedisConnection | null;
  log: Logger;
  clock: Clock;
  /** Sees to it that somebody looks after a run that waits. */
  planWait: WaitPlanner;
  /** Called when the end of a run that is to be remembered is durable. The run's row is the order; this only says so. */
  onRemember?: (tenant: Tenant) => void;
  /** Whether a tenant is in service still; asked before a lost run is taken up. Left out: all are. */
  isServed?: (tenant: Tenant) => Promise<boolean>;
  leaseTimes?: LeaseTimes;
  /** Where runs are traced to; nowhere where it is left out. */
  tracing?: Tracing | null;
};

/** Why a run was stopped from outside. */
class Cancelled extends Error {}
class Dropped extends Error {}

type ActiveRun = {
  tenant: Tenant;
  run: RunRow;
  live: LiveRun;
  stop: AbortController;
  done: Promise<void>;
  /** Characters of the model request that is under way. */
  sent: WorkOnRun['sent'];
  /** What it waits for was answered before it waited: it goes on at once, as this. */
  next: RunRow | null;
};

/** What is known of a run that was saved a moment ago. */
type Fresh = KnownToRun & {
  /** Its durable first event. */
  firstLine: EventLine;
};

/** Workers that may lose the same run before it is given up. */
const MOST_LOST_WORKERS = 5;

/** Works on runs: begins them, takes over those of dead workers, lets clients follow and cancel them. */
export class RunEngine {
  readonly #deps: RunEngineDependencies;
  readonly #eventLog: EventLog;
  readonly #notices: Notices;
  readonly #lease: WorkerLease;
  readonly #titles: SessionTitles;
  readonly #followers = new Followers();
  readonly #active = new Map<string, ActiveRun>();
  readonly #unended = new UnendedRuns();
  readonly #lostCancels: LostCancels;

  constructor(deps: RunEngineDependencies) {
    this.#deps = deps;
    const times = deps.leaseTimes ?? DEFAULT_LEASE_TIMES;
    this.#eventLog = new EventLog(deps.database, deps.metrics, times.writeRetry);
    this.#titles = new SessionTitles(deps);
    this.#lostCancels = new LostCancels(
      deps.database,
      () => this.#active.values(),
      (runId) => this.#cancelLocal(runId),
    );
    this.#notices = new Notices({
      database: deps.database,
      redis: deps.redis ?? null,
      log: deps.log,
      hasOthers: () => this.#lease.hasOthers,
    });
    this.#lease = new WorkerLease(deps.database, times, deps.log, {
      onLost: () => this.#dropAll(),
      onAdopted: ({ tenant, run }) => this.#begin(tenant, run),
      onRenewed: () => void this.#reclaimUnended(),
    });
  }

  async start(): Promise<void> {
    await this.#notices.start({
      onWrite: (runId) => this.#followers.ring(runId),
      onCancel: (runId) => this.#cancelLocal(runId),
    });
    await this.#lease.start();
    if (this.#deps.database.kind === 'server') this.#lostCancels.start();
  }

  /** Lets runs end for at most `timeout` ms; what is left is handed over: another worker takes it up at once. */
  async stop(timeout: number): Promise<void> {
    this.#lostCancels.stop();
    // What is taken over from now on would be dropped again at once.
    await this.#lease.stopSweeping();
    const all = [...this.#active.values()].map(({ done }) => done);
    await Promise.race([Promise.all(all), new Promise((resolve) => setTimeout(resolve, timeout).unref())]);
    const left = [...this.#active.values()];
    this.#followers.close();
    this.#dropAll();
    await Promise.all(left.map(({ done }) => done));
    await this.#titles.stop();
    await this.#lease.abandon();
    await this.#notices.stop();
  }

  get activeRunCount(): number {
    return this.#active.size;
  }

  /** Whether another process was there at the last look: then it is told of events. */
  get knowsOthers(): boolean {
    return this.#lease.hasOthers;
  }

  /** The id that a new run in this tenant is held by. Await it before the run is saved. */
  async holder(tenant: Tenant): Promise<string> {
    await this.#lease.enter(tenant);
    return this.#lease.id;
  }

  /** Begins what a search for a run needs that is about to be saved. */
  openRetrieval(tenant: Tenant, retrieval: RetrievalRequest): Retrieve {
    return this.#deps.retrieve(tenant, retrieval);
  }

  /** Starts to answer a run that was saved with `holder` as its holder. */
  begin(tenant: Tenant, run: RunRow, begun: Fresh & { holder: string }): void {
    if (begun.holder === this.#lease.id) this.#begin(tenant, run, begun);
    // Taken for dead while the run was being saved: nobody would look for it under the former name.
    else this.#unended.add(run.id, { tenant, owner: begun.holder });
  }

  /** Goes on with a run that waited and was taken up with `holder` as its holder. */
  resume(tenant: Tenant, run: RunRow, holder: string): void {
    if (holder === this.#lease.id) this.#begin(tenant, run);
    else this.#unended.add(run.id, { tenant, owner: holder });
  }

  /** Takes up a waiting run that has all it waits for, or whose time is over. */
  async takeUpWaiting(tenant: Tenant, runId: string): Promise<void> {
    const owner = await this.holder(tenant);
    const run = await inTenant(
      this.#deps.database,
      tenant,
      async (trx) => (await claimAnswered(trx, runId, owner)) ?? (await claimExpired(trx, runId, owner)),
    );
    if (run) this.resume(tenant, run, owner);
  }

  /** A run of this tenant that this process works on: known without asking the database. */
  held(tenant: Tenant, runId: string): RunRow | undefined {
    const active = this.#active.get(runId);
    return active?.tenant.id === tenant.id ? active.run : undefined;
  }

  /** Every event behind `after`, then live ones, until the run ends or the signal is aborted. */
  follow(tenant: Tenant, runId: string, after: number, signal: AbortSignal): AsyncGenerator<readonly EventLine[]> {
    const sources: FeedSources = {
      database: this.#deps.database,
      followers: this.#followers,
      liveRun: (id) => this.#active.get(id)?.live,
      rescue: (...run) => this.rescue(...run),
    };
    return followRun(sources, tenant, runId, after, signal);
  }

  /** Stops a run wherever it is worked on. The request itself is already durable. */
  cancel(runId: string): void {
    if (!this.#cancelLocal(runId)) this.#notices.announceCancel(runId);
  }

  /** Takes up a run whose worker no longer exists: it was begun in the moment in which that worker was taken for dead. */
  async rescue(tenant: Tenant, runId: string, owner: string): Promise<void> {
    if (await workerExists(this.#deps.database.db, owner)) return;
    const run = await this.#lease.reclaim(tenant, runId, owner);
    if (run) this.#begin(tenant, run);
  }

  /** Cancels the runs of a tenant that this process works on; other processes do the same with theirs. */
  stopTenant(tenantId: string): void {
    for (const { tenant, stop } of this.#active.values()) if (tenant.id === tenantId) stop.abort(new Cancelled());
  }

  /** Stops work on runs that were deleted, without a trace. Resolves when nothing is written any more. */
  async drop(runIds: readonly string[]): Promise<void> {
    const dropped = runIds.map((id) => this.#active.get(id)).filter((active) => active !== undefined);
    for (const { stop } of dropped) stop.abort(new Dropped());
    // Another process finds nothing to write to any more; its model is not to go on until then.
    for (const id of runIds) if (!this.#active.has(id)) this.#notices.announceCancel(id);
    await Promise.all(dropped.map(({ done }) => done));
  }

  #begin(tenant: Tenant, run: RunRow, fresh?: Fresh): void {
    const live = new LiveRun(fresh ? fresh.firstLine.seq : run.last_seq + 1, () => this.#followers.ring(run.id));
    if (fresh) live.publish([fresh.firstLine]);
    const stop = new AbortController();
    const sent = { characters: null, costUsd: null };
    const active: ActiveRun = { tenant, run, live, stop, done: Promise.resolve(), sent, next: null };
    this.#active.set(run.id, active);
    // Whoever followed it while it waited looks here from now on.
    if (!fresh) this.#followers.ring(run.id);
    this.#deps.metrics.activeRuns.inc();
    if (run.cancel_requested_at) stop.abort(new Cancelled());
    const work = { tenant, run, isFresh: fresh !== undefined };
    const act = () => this.#work(active, fresh ?? null);
    active.done = workOnRun(this.#deps.tracing ?? null, work, act).finally(() => {
      // A later attempt of the same run may have taken its place.
      if (this.#active.get(run.id) === active) this.#active.delete(run.id);
      this.#followers.ring(run.id);
      this.#deps.metrics.activeRuns.dec();
      if (active.next && !this.#followers.closed) this.#begin(tenant, active.next);
    });
  }

  /** Never rejects: whatever happens ends as the run's status, or as a run that another worker has. */
  async #work(active: ActiveRun, fresh: Fresh | null): Promise<void> {
    const { tenant, run, live, stop } = active;
    const writer = new RunWriter(this.#eventLog, live, {
      tenant,
      id: run.id,
      attempt: run.attempt,
      lastSeq: run.last_seq,
      onWritten: () => this.#notices.announceWrite(run.id),
    });
    const { log } = this.#deps;
    try {
      const history = fresh?.history ?? (await this.#restore(active, writer));
      stop.signal.throwIfAborted();
      if (run.lost_workers > MOST_LOST_WORKERS)
        return await this.#end(active, writer, 'failed', null, runFaults.interrupted);
      if (run.wait_until) return await this.#end(active, writer, 'failed', null, runFaults.unanswered);
      const known = { history, retrieve: fresh?.retrieve ?? this.#deps.retrieve(tenant, run.request.retrieval) };
      const { usage, waitsFor } = await this.#answer(active, known, writer, log);
      if (waitsFor.length > 0) return await this.#wait(active, writer, waitsFor);
      await this.#end(active, writer, 'completed', usage, null);
      this.#titles.consider(tenant, run, history, writer.answer.parts());
    } catch (error) {
      await this.#endAfter(error, active, writer, log);
    }
  }

  async #answer(active: ActiveRun, known: KnownToRun, writer: RunWriter, log: Logger): Promise<Produced> {
    const { run, stop, sent } = active;
    const { answer } = writer;
    if (answer.usage && isAnswered(answer, boundsOf(run, this.#deps.limits)))
      return { usage: answer.usage, waitsFor: [] };
    if (answer.waits) writer.emit({ type: 'run-resume', attempt: run.attempt });
    const answering = await answeringOf(this.#deps, active, known, {
      log,
      signal: stop.signal,
      sent,
      position: () => writer.position,
    });
    return produceAnswer(answering, writer, stop.signal);
  }

  /** Gives the run out of hand until a client has answered. */
  async #wait(active: ActiveRun, writer: RunWriter, calls: readonly AwaitedCall[]): Promise<void> {
    const { tenant, run, stop } = active;
    const { toolWait } = { ...DEFAULT_RUN_LIMITS, ...this.#deps.limits };
    const until = new Date(this.#deps.clock.now().getTime() + toolWait);
    await this.#deps.planWait(tenant, run.id, until);
    stop.signal.throwIfAborted();
    const ids = calls.map(({ id }) => id);
    await writer.wait({ type: 'run-wait', tool_call_ids: ids, until: until.toISOString() }, { until, calls });
    // An answer, or a cancellation, that came just before found the run still held.
    const claim = inTenant(this.#deps.database, tenant, (trx) => claimAnswered(trx, run.id, this.#lease.id));
    active.next = (await claim.catch(() => null)) ?? null;
  }

  /** After a takeover: what was said so far, from the log, and the history. */
  async #restore({ tenant, run, stop }: ActiveRun, writer: RunWriter): Promise<HistoryRow[]> {
    if (!((await this.#deps.isServed?.(tenant)) ?? true)) stop.abort(new Cancelled());
    const { events, history } = await inTenant(this.#deps.database, tenant, async (trx) => ({
      events: await readEvents(trx, run.id, 0, Number.MAX_SAFE_INTEGER),
      history: await readHistory(trx, run.session_id, historyLimit(run.request)),
    }));
    writer.answer.restore(events);
    // Should it fail, the sweep of open calls does it later.
    await this.#deps.meter
      .settleRun(run.id, traceOf(events, false))
      .catch((error: unknown) =>
        this.#deps.log.warn({ err: error }, 'the calls of a lost worker could not be settled'),
      );
    return history;
  }

  async #endAfter(error: unknown, active: ActiveRun, writer: RunWriter, log: Logger): Promise<void> {
    if (error instanceof LeaseLostError) return log.warn('the run is held by another worker, or was deleted');
    const reason: unknown = active.stop.signal.aborted ? active.stop.signal.reason : error;
    if (reason instanceof Dropped) return;
    try {
      if (reason instanceof Cancelled) return await this.#end(active, writer, 'cancelled', null, null);
      const fault = faultOf(error);
      log[fault === runFaults.internal ? 'error' : 'warn']({ err: error }, 'the run failed');
      await this.#end(active, writer, 'failed', null, fault);
    } catch (endError) {
      if (endError instanceof LeaseLostError) return log.warn('the run is held by another worker, or was deleted');
      log.error({ err: endError }, 'the end of a run could not be written; it is taken up again');
      this.#unended.add(active.run.id, { tenant: active.tenant });
    }
  }

  async #end(
    active: ActiveRun,
    writer: RunWriter,
    status: RunEndStatus,
    usage: RunUsage | null,
    error: RunFault | null,
  ): Promise<void> {
    const open = writer.answer.openPart;
    if (open !== null) writer.emit({ type: 'text-end', part_id: open });
    const parts = writer.answer.parts();
    const end: RunEnd = {
      status,
      usage: usage ?? usageOfCut(active, writer),
      error,
      message: parts.length === 0 ? null : { parts, status: status === 'completed' ? 'complete' : 'incomplete' },
    };
    const message = this.#messageOf(active, end);
    await writer.end({ type: 'run-end', status, ...(error && { error }), message }, end);
    this.#deps.metrics.runs.inc({ status });
    noteRunEnd(status, end.usage, error);
    if (active.run.request.memory) this.#deps.onRemember?.(active.tenant);
  }

  #messageOf({ run }: ActiveRun, { message }: RunEnd): MessageView | null {
    if (!message) return null;
    const identity = { id: run.message_id, session_id: run.session_id, role: 'assistant' as const, run_id: run.id };
    return messageView({ ...identity, ...message, created_at: this.#deps.clock.now() });
  }

  #cancelLocal(runId: string): boolean {
    const active = this.#active.get(runId);
    active?.stop.abort(new Cancelled());
    return active !== undefined;
  }

  /** The database answers again: what could not be ended is worked on once more, from what its log has. */
  #reclaimUnended(): Promise<void> {
    return this.#unended.reclaim(
      (...run) => this.#lease.reclaim(...run),
      (tenant, run) => this.#begin(tenant, run),
    );
  }

  #dropAll(): void {
    for (const { stop } of this.#active.values()) stop.abort(new Dropped());
  }
}

/** What a run used that did not come to its end: its steps, and an estimate for the one that was cut off. */
function usageOfCut({ run, sent: { characters, costUsd } }: ActiveRun, { answer }: RunWriter): RunUsage | null {
  if (characters === null) return answer.usage;
  const said = answer.textOf(answer.steps.at(-1)?.partId ?? null).length;
  return addUsage(answer.usage, stepUsage({ model: run.model, usage: null, costUsd }, { asked: characters, said }));
}
