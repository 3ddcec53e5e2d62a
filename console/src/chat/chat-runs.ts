import { readSession } from '../api/sessions.ts';
import { queryClient } from '../app/query-client.ts';
import { createLiveRuns } from './live-runs.ts';
import { chatKeys } from './queries.ts';

/** The answers being written in this tab. */
export const liveRuns = createLiveRuns({
  // The first question gives the session its title, and any question moves it to the top.
  onStarted: (sessionId) => {
    void queryClient.invalidateQueries({ queryKey: chatKeys.session(sessionId) });
    void queryClient.invalidateQueries({ queryKey: chatKeys.sessions });
  },
  onEnded: (sessionId) =>
    Promise.all([
      queryClient.invalidateQueries({ queryKey: chatKeys.messages(sessionId) }),
      queryClient.invalidateQueries({ queryKey: chatKeys.session(sessionId) }),
      queryClient.invalidateQueries({ queryKey: chatKeys.sessions }),
    ]),
  findActiveRun: async (sessionId, signal) => (await readSession(sessionId, signal)).active_run_id ?? null,
});
