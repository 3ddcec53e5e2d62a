import { expect, test } from 'vitest';
import type { Database } from '../../../platform/database/database.ts';
import { newId } from '../../../platform/id.ts';
import { eventLine } from './event.ts';
import { LiveRun } from './live-run.ts';
import { followRun } from './run-feed.ts';
import { type Doorbell, Followers } from './run-followers.ts';

class CountedFollowers extends Followers {
  readonly there = new Set<Doorbell>();

  override add(runId: string, bell: Doorbell): void {
    this.there.add(bell);
    super.add(runId, bell);
  }

  override remove(runId: string, bell: Doorbell): void {
    this.there.delete(bell);
    super.remove(runId, bell);
  }
}

test('whoever follows a run and goes is forgotten, also one that nobody asks for more', async () => {
  const followers = new CountedFollowers();
  const live = new LiveRun(1, () => undefined);
  live.publish([eventLine(1, { type: 'step-start', step: 1 })]);
  const sources = { database: {} as Database, followers, liveRun: () => live, rescue: async () => undefined };
  const leave = new AbortController();
  const lines = followRun(sources, { id: newId(), slug: 'acme' }, newId(), 0, leave.signal);
  expect((await lines.next()).value).toMatchObject([{ seq: 1 }]);
  expect(followers.there.size).toBe(1);
  leave.abort();
  expect(followers.there.size).toBe(0);
  expect((await lines.next()).done).toBe(true);
});
