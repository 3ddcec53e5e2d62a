import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { Database } from '../../../platform/database/database.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import { readEvents } from './event.store.ts';
import type { EventLine, LoggedEvent } from './event.ts';
import type { LiveRun } from './live-run.ts';
import { findRun } from './run.store.ts';
import { isTerminal } from './run-machine.ts';

/** Stretches of the log that one read brings, so that replay of a long run stays flat in memory. */
const STRETCHES_PER_READ = 50;
/** How often a run of another process is looked at when no notice comes, ms. */
const POLL_MS = 1_000;
/** Events in one batch to a client at most: what a slow client holds in memory. */
const LINES_PER_BATCH = 500;

export type FeedSources = {
  database: Database;
  /** The run, when this process is writing it. */
  liveRun(runId: string): LiveRun | undefined;
  /** Resolves at the next notice that another process wrote to this run. */
  notice(runId: string, signal: AbortSignal): Promise<void>;
};

/**
 * Every event of a run behind `after`, once and in order: first from the log, then live, until `run-end` or the signal.
 * It reads only when it is asked for more, so a slow client holds nothing but its place.
 */
export async function* followRun(
  sources: FeedSources,
  tenant: Tenant,
  runId: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<readonly EventLine[]> {
  let position = after;
  const stopped = aborted(signal);
  while (!signal.aborted) {
    const live = sources.liveRun(runId);
    // Taken before looking, so that a publish in between is not missed.
    const changed = live?.changed();
    const lines =
      live?.linesAfter(position)?.slice(0, LINES_PER_BATCH) ?? (await readLines(sources, tenant, runId, position));
    const last = lines.at(-1);
    if (last) {
      yield lines;
      position = last.seq;
      if (last.type === 'run-end') return;
    } else if (live) {
      if (live.ended) return;
      await Promise.race([changed, stopped]);
    } else if (!(await awaitRemote(sources, tenant, runId, signal))) {
      return;
    }
  }
}

async function readLines(sources: FeedSources, tenant: Tenant, runId: string, after: number): Promise<EventLine[]> {
  const events = await inTenant(sources.database, tenant, (trx) => readEvents(trx, runId, after, STRETCHES_PER_READ));
  return events.map((event: LoggedEvent) => ({ seq: event.seq, type: event.type, json: JSON.stringify(event) }));
}

/** Waits for news of a run that another process holds. False: it has ended, and all of it was read. */
async function awaitRemote(sources: FeedSources, tenant: Tenant, runId: string, signal: AbortSignal): Promise<boolean> {
  const run = await inTenant(sources.database, tenant, (trx) => findRun(trx, runId));
  if (!run || isTerminal(run.status)) return false;
  const giveUp = new AbortController();
  const either = AbortSignal.any([signal, giveUp.signal]);
  const timer = setTimeout(POLL_MS, undefined, { signal: either }).catch(() => undefined);
  await Promise.race([timer, sources.notice(runId, either).catch(() => undefined)]);
  giveUp.abort();
  return true;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
