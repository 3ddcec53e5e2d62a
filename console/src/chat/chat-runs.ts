import { queryClient } from '../app/query-client.ts';
import { readDraft, saveDraft } from './drafts.ts';
import { createLiveRuns } from './live-runs.ts';
import { chatKeys, messagesQuery, sessionQuery } from './queries.ts';

/** The answers being written in this tab. */
export const liveRuns = createLiveRuns({
  onStarted: (sessionId, question) => {
    if (readDraft(sessionId) === question) saveDraft(sessionId, '');
    // The first question gives the session its title, and any question moves it to the top.
    void queryClient.invalidateQueries({ queryKey: chatKeys.session(sessionId) });
    void queryClient.invalidateQueries({ queryKey: chatKeys.sessions });
  },
  onEnded: async (sessionId) => {
    const messages = messagesQuery(sessionId).queryKey;
    // A first read that is still under way began before the end, and would be taken for the answer to this one.
    await queryClient.cancelQueries({ queryKey: messages });
    await Promise.all([
      queryClient.invalidateQueries({ queryKey: messages }),
      queryClient.invalidateQueries({ queryKey: chatKeys.recalls(sessionId) }),
      queryClient.invalidateQueries({ queryKey: chatKeys.session(sessionId) }),
      queryClient.invalidateQueries({ queryKey: chatKeys.sessions }),
    ]);
    if (isFirstAnswer(sessionId)) lookForTitle(sessionId);
    // A chat that is not on the screen reads its messages when it comes back to it.
    const shown = queryClient.getQueryCache().find({ queryKey: messages });
    return !(shown?.isActive() && shown.state.isInvalidated);
  },
});

/** A model gives a title some moments after the first answer, or none. ms */
const TITLE_MAY_BE_THERE_MS = [1_500, 4_000, 10_000];

function isFirstAnswer(sessionId: string): boolean {
  const read = queryClient.getQueryData(messagesQuery(sessionId).queryKey);
  return (read?.pages.flatMap(({ data }) => data).length ?? 0) === 2;
}

function lookForTitle(sessionId: string): void {
  const titleNow = () => queryClient.getQueryData(sessionQuery(sessionId).queryKey)?.title;
  const before = titleNow();
  for (const delay of TITLE_MAY_BE_THERE_MS) {
    setTimeout(async () => {
      if (titleNow() !== before) return;
      await queryClient.invalidateQueries({ queryKey: chatKeys.session(sessionId) });
      if (titleNow() !== before) await queryClient.invalidateQueries({ queryKey: chatKeys.sessions });
    }, delay);
  }
}
