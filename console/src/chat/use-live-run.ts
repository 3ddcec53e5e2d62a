import { useSyncExternalStore } from 'react';
import { liveRuns } from './chat-runs.ts';
import type { LiveRun } from './live-runs.ts';

/** The answer that is being written in a session, if any. */
export function useLiveRun(sessionId: string | null): LiveRun | null {
  return useSyncExternalStore(liveRuns.subscribe, () => (sessionId === null ? null : liveRuns.get(sessionId)));
}
