import type { Database } from '../../../platform/database/database.ts';
import { isDatabaseAway } from '../../../platform/database/failures.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import { readEvents } from './event.store.ts';
import type { EventLine, LoggedEvent } from './event.ts';
import type { LiveRun } from './live-run.ts';
import { findRunPlace } from './run.store.ts';
import { Doorbell, type Followers } from './run-followers.ts';
import { isTerminal } from './run-machine.ts';

/** Stretches of the log that one read brings: few at first, more while they are small. So replay of a long run costs few reads
 * and stays flat in memory. */
const FIRST_STRETCHES = 4;
const MOST_STRETCHES = 128;
/** Characters of the log that one read brings, about: what a client that takes nothing holds in memory. */
const SIZE_PER_READ = 256 * 1024;
/** A database that is away is asked again for so long before a stream breaks off and its client has to come back, ms. */
const AWAY_MS = 20_000;
const AWAY_PAUSE_MS = 250;
/** How often a run of another process is looked at when no notice comes, ms. */
const POLL_MS = 1_000;
/** The same for a run that waits for a client: it may be hours. */
const WAITING_POLL_MS = 5_000;
/** Events in one batch to a client at most: what a slow client holds in memory. */
const LINES_PER_BATCH = 500;
/** Looks without news after which it is asked whether the run's worker still exists. */
const LOOKS_BEFORE_RESCUE = 5;

export type FeedSources = {
  database: Database;
  followers: Followers;
  /** The run, when this process is writing it. */
  liveRun(runId: string): LiveRun | undefined;
  /** Takes the run up if its worker is gone without a trace. */
  rescue(tenant: Tenant, runId: string, owner: string): Promise<void>;
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
  const feed: Feed = {
    sources,
    tenant,
    runId,
    bell: new Doorbell(),
    position: after,
    looks: 0,
    stretches: FIRST_STRETCHES,
    awaySince: null,
  };
  const { bell } = feed;
  // Also where nobody asks any more, and the generator never comes to its end.
  const leave = () => {
    sources.followers.remove(runId, bell);
    bell.ring();
  };
  signal.addEventListener('abort', leave, { once: true });
  sources.followers.add(runId, bell);
  try {
    while (!signal.aborted && !sources.followers.closed) {
      const lines = await lookWhileAway(feed);
      if (lines === null) return;
      const last = lines.at(-1);
      if (!last) continue;
      yield lines;
      feed.position = last.seq;
      if (last.type === 'run-end') return;
    }
  } finally {
    sources.followers.remove(runId, bell);
    signal.removeEventListener('abort', leave);
  }
}

/** One who follows a run, and how far. */
type Feed = {
  sources: FeedSources;
  tenant: Tenant;
  runId: string;
  bell: Doorbell;
  position: number;
  /** Looks at another process's run since its last news. */
  looks: number;
  /** How many stretches the next read brings. */
  stretches: number;
  /** Since when the database is away, ms of this process. */
  awaySince: number | null;
};

/** As `look`, patient with a database that is being restarted. */
async function lookWhileAway(feed: Feed): Promise<readonly EventLine[] | null> {
  try {
    const lines = await look(feed);
    feed.awaySince = null;
    return lines;
  } catch (error) {
    feed.awaySince ??= performance.now();
    if (!isDatabaseAway(error) || performance.now() - feed.awaySince > AWAY_MS) throw error;
    await feed.bell.wait(AWAY_PAUSE_MS);
    return [];
  }
}

/** The next events; none after a wait for them; null when there are no more. */
async function look(feed: Feed): Promise<readonly EventLine[] | null> {
  const { sources, runId, bell, position } = feed;
  bell.reset();
  const live = sources.liveRun(runId);
  const lines = live?.linesAfter(position, LINES_PER_BATCH) ?? (await readLines(feed));
  if (lines.length > 0) {
    feed.looks = 0;
    return lines;
  }
  if (live) await bell.wait();
  else if (!(await awaitRemote(feed))) return null;
  return lines;
}

/** Waits for news of a run that another process holds. False: it has ended or is gone, and all of it was read. */
async function awaitRemote(feed: Feed): Promise<boolean> {
  const { sources, tenant, runId, bell, position } = feed;
  const run = await inTenant(sources.database, tenant, (trx) => findRunPlace(trx, runId));
  if (!run) return false;
  // It may have written, and ended, between the reading of its log and this look.
  if (run.last_seq > position) return true;
  if (isTerminal(run.status)) return false;
  feed.looks += 1;
  if (feed.looks % LOOKS_BEFORE_RESCUE === 0 && run.lease_owner) await sources.rescue(tenant, runId, run.lease_owner);
  await bell.wait(run.status === 'waiting' ? WAITING_POLL_MS : POLL_MS);
  return true;
}

async function readLines(feed: Feed): Promise<EventLine[]> {
  const { sources, tenant, runId, position } = feed;
  const events = await inTenant(sources.database, tenant, (trx) => readEvents(trx, runId, position, feed.stretches));
  const lines = events.map((event: LoggedEvent) => ({ seq: event.seq, type: event.type, json: JSON.stringify(event) }));
  const size = lines.reduce((sum, { json }) => sum + json.length, 0);
  if (size > SIZE_PER_READ) feed.stretches = Math.max(1, Math.floor(feed.stretches / 2));
  else if (size < SIZE_PER_READ / 2) feed.stretches = Math.min(2 * feed.stretches, MOST_STRETCHES);
  return lines;
}
