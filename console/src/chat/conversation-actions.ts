import { useMutation } from '@tanstack/react-query';
import { createContext, useMemo, useRef } from 'react';
import { turnSession } from '../api/sessions.ts';
import { queryClient } from '../app/query-client.ts';
import { useCredentials } from '../auth/use-credentials.ts';
import { notifyError } from '../ui/notify.tsx';
import { liveRuns } from './chat-runs.ts';
import { isAnswering, type LiveRun } from './live-runs.ts';
import { chatKeys } from './queries.ts';

/** What can be done with the messages of a chat. */
export type Actions = {
  answerAgain(messageId: string): void;
  askInstead(messageId: string, question: string): void;
  /** Shows the branch through this message. `towards`: the button that was pressed, to have the focus again. */
  turn(messageId: string, towards: 'previous' | 'next'): void;
  /** The button that is to have the focus once this message is shown; asked for once. */
  takeFocus(messageId: string): 'previous' | 'next' | null;
  /** Not while an answer is written. */
  isPaused: boolean;
};

/** Null: this reader may change nothing. */
export const ConversationActions = createContext<Actions | null>(null);

export function useConversationActions(sessionId: string, live: LiveRun | null): Actions | null {
  const wanted = useRef<{ messageId: string; towards: 'previous' | 'next' } | null>(null);
  const readOnly = useCredentials()?.tenant.role === 'viewer';
  const { mutate, isPending } = useMutation({
    mutationFn: (messageId: string) => turnSession(sessionId, messageId),
    onSuccess: async (session) => {
      // A failure that is shown belongs to the branch that was left.
      liveRuns.release(sessionId);
      queryClient.setQueryData(chatKeys.session(sessionId), session);
      await queryClient.invalidateQueries({ queryKey: chatKeys.messages(sessionId) });
    },
    onError: (error) => notifyError('The other version was not shown', error),
  });
  const isPaused = isPending || (live !== null && isAnswering(live));
  return useMemo(() => {
    if (readOnly) return null;
    return {
      answerAgain: (messageId) => liveRuns.replace(sessionId, { kind: 'answer', messageId }, null),
      askInstead: (messageId, question) => liveRuns.replace(sessionId, { kind: 'question', messageId }, question),
      turn: (messageId, towards) => {
        wanted.current = { messageId, towards };
        mutate(messageId);
      },
      takeFocus: (messageId) => {
        // A button that is paused takes no focus.
        if (isPaused || wanted.current?.messageId !== messageId) return null;
        const { towards } = wanted.current;
        wanted.current = null;
        return towards;
      },
      isPaused,
    };
  }, [readOnly, sessionId, mutate, isPaused]);
}
