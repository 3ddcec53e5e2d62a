import { VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, useCallback, useEffect, useMemo, useState } from 'react';
import { useParams } from 'react-router';
import type { Citation } from '../api/types.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { useTitle } from '../ui/use-title.ts';
import classes from './chat-page.module.css';
import { liveRuns } from './chat-runs.ts';
import { CitationTarget } from './citation-target.ts';
import { Composer } from './composer.tsx';
import { Conversation } from './conversation.tsx';
import { EmptyChat } from './empty-chat.tsx';
import { isAnswering } from './live-runs.ts';
import { PassagePanel } from './passage-panel.tsx';
import { sessionQuery } from './queries.ts';
import { titleOf } from './session-title.ts';
import { useAsk } from './use-ask.ts';
import { useLiveRun } from './use-live-run.ts';

/** A chat, or the beginning of a new one. */
export function ChatPage() {
  const sessionId = useParams().sessionId ?? null;
  const session = useQuery({ ...sessionQuery(sessionId ?? ''), enabled: sessionId !== null });
  const live = useLiveRun(sessionId);
  const [open, setOpen] = useState<Citation | null>(null);
  const ask = useAsk(sessionId);
  useTitle(sessionId === null ? 'New chat' : session.data ? titleOf(session.data) : '');

  const activeRunId = session.data?.active_run_id ?? null;
  useEffect(() => {
    // A run that this tab did not start, or lost with a reload: found under way, followed from its beginning.
    if (sessionId !== null && activeRunId !== null && live === null) liveRuns.resume(sessionId, activeRunId);
  }, [sessionId, activeRunId, live]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another chat closes the panel
  useEffect(() => setOpen(null), [sessionId]);

  const target = useMemo(() => ({ open, show: setOpen }), [open]);
  const close = useCallback(() => setOpen(null), []);
  const answering = live !== null && isAnswering(live);

  const missing = session.data === undefined ? session.error : null;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.defaultPrevented || event.nativeEvent.isComposing) return;
    if (open !== null) close();
    else if (answering && sessionId !== null) liveRuns.stop(sessionId);
  };

  return (
    <CitationTarget value={target}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: Escape anywhere in the chat stops the answer */}
      <div className={classes.page} onKeyDown={onKeyDown}>
        <div className={classes.chat}>
          {sessionId !== null && (
            <VisuallyHidden component="h1">{session.data ? titleOf(session.data) : 'Chat'}</VisuallyHidden>
          )}
          {missing ? (
            <div className={classes.fault}>
              <ErrorNotice error={missing} title="This chat can't be shown" onRetry={() => void session.refetch()} />
            </div>
          ) : (
            <>
              {sessionId === null ? (
                <EmptyChat onAsk={ask.send} />
              ) : (
                <Conversation key={sessionId} sessionId={sessionId} live={live} onAsk={ask.send} />
              )}
              <Composer
                key={`composer ${sessionId}`}
                sessionId={sessionId}
                answering={answering}
                stopping={live?.stopping ?? false}
                busy={ask.busy}
                onSend={ask.send}
                onStop={() => sessionId !== null && liveRuns.stop(sessionId)}
              />
            </>
          )}
        </div>
        <PassagePanel citation={open} onClose={close} />
      </div>
    </CitationTarget>
  );
}
