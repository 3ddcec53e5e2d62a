import { useMutation } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { createSession } from '../api/sessions.ts';
import { queryClient } from '../app/query-client.ts';
import { notifyError } from '../ui/notify.tsx';
import { liveRuns } from './chat-runs.ts';
import { saveDraft } from './drafts.ts';
import { sessionQuery } from './queries.ts';

export type Ask = { send: (question: string) => void; busy: boolean };

/** Sends questions of one chat. The first question of a new chat makes the session, so that none is ever empty. */
export function useAsk(sessionId: string | null): Ask {
  const navigate = useNavigate();
  const begin = useMutation({
    mutationFn: async (question: string) => ({ question, session: await createSession() }),
    onSuccess: async ({ question, session }) => {
      queryClient.setQueryData(sessionQuery(session.id).queryKey, session);
      liveRuns.start(session.id, question);
      saveDraft(null, '');
      await navigate(`/sessions/${session.id}`);
    },
    onError: (error) => notifyError('The question was not sent', error),
  });
  return {
    send: (question) => {
      if (sessionId === null) begin.mutate(question);
      else liveRuns.start(sessionId, question);
    },
    busy: begin.isPending,
  };
}
