import { ActionIcon, Button, Skeleton } from '@mantine/core';
import { useReducedMotion } from '@mantine/hooks';
import { ArrowDownIcon } from '@primer/octicons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useStickToBottom } from 'use-stick-to-bottom';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { liveRuns } from './chat-runs.ts';
import classes from './conversation.module.css';
import { ConversationActions, useConversationActions } from './conversation-actions.ts';
import { AnswerItem } from './conversation-item.tsx';
import { conversationItems, type KnownItems, lastQuestion } from './conversation-items.ts';
import { FailureItem, UnansweredItem } from './conversation-notices.tsx';
import { LiveAnnouncer } from './live-announcer.tsx';
import type { LiveRun } from './live-runs.ts';
import { messagesQuery } from './queries.ts';

import { QuestionItem } from './question-item.tsx';

import { useRecalls } from './use-recalls.ts';

type Props = { sessionId: string; live: LiveRun | null; onAsk: (question: string) => void };

/** The messages of one chat: opens at the end, follows the answer while it grows, loads older ones on demand. */
export function Conversation({ sessionId, live, onAsk }: Props) {
  const query = useInfiniteQuery(messagesQuery(sessionId));
  const messages = useMemo(() => query.data?.pages.flatMap((page) => page.data).reverse() ?? [], [query.data]);
  const [known] = useState<KnownItems>(() => new Map());
  const items = conversationItems(messages, live, known);
  const recalls = useRecalls(sessionId);
  const reducedMotion = useReducedMotion();
  // Only a growing answer is followed smoothly: an old chat that opens is at its end at once.
  const resize = reducedMotion || live === null ? 'instant' : 'smooth';
  const { scrollRef, contentRef, isAtBottom, scrollToBottom } = useStickToBottom({ initial: 'instant', resize });
  const asking = live?.phase === 'starting';
  useEffect(() => {
    if (asking) void scrollToBottom('instant');
  }, [asking, scrollToBottom]);
  const keepPlace = useKeptPlace(scrollRef, messages[0]?.id);

  const actions = useConversationActions(sessionId, live);
  const askAgain = () => {
    if (live?.replaces) liveRuns.replace(sessionId, live.replaces, live.question);
    else onAsk(live?.question ?? lastQuestion(messages));
  };
  const answerQuestion = (messageId: string) => liveRuns.replace(sessionId, { kind: 'answer', messageId }, null);
  const loadOlder = () => {
    keepPlace();
    void query.fetchNextPage();
    recalls.loadOlder();
  };

  return (
    <div className={classes.frame}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className={classes.scroller} ref={scrollRef} aria-label="Conversation" tabIndex={0}>
        <div className={classes.content} ref={contentRef}>
          {query.isPending && live === null && <LoadingMessages />}
          {query.isLoadingError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
          {query.hasNextPage && (
            <Button
              className={classes.older ?? ''}
              variant="subtle"
              color="gray"
              size="xs"
              loading={query.isFetchingNextPage}
              onClick={loadOlder}
            >
              Show earlier messages
            </Button>
          )}
          <ConversationActions value={actions}>
            <ol className={classes.messages}>
              {items.map((item) =>
                item.kind === 'question' ? (
                  <QuestionItem key={item.key} text={item.text} place={item.place} />
                ) : (
                  <AnswerItem
                    key={item.key}
                    place={item.place}
                    parts={item.parts}
                    calls={item.calls}
                    runId={item.runId}
                    stopped={item.stopped}
                    progress={item.progress}
                    recalled={item.recalled.length > 0 ? item.recalled : recalls.of(item.runId)}
                  />
                ),
              )}
              {live?.phase === 'failed' && <FailureItem live={live} onAgain={askAgain} />}
              {live === null && !query.isFetching && messages.at(-1)?.role === 'user' && (
                <UnansweredItem onAgain={() => answerQuestion(messages.at(-1)?.id ?? '')} />
              )}
            </ol>
          </ConversationActions>
        </div>
      </section>
      {!isAtBottom && (
        <ActionIcon
          className={classes.jump ?? ''}
          variant="default"
          radius="xl"
          size="lg"
          aria-label="Go to the newest message"
          onClick={() => void scrollToBottom('instant')}
        >
          <ArrowDownIcon size={16} />
        </ActionIcon>
      )}
      <LiveAnnouncer live={live} />
    </div>
  );
}

/** Older messages are put in above: what was read stays where it is on the screen. */
function useKeptPlace(scrollRef: React.RefObject<HTMLElement | null>, firstId: string | undefined): () => void {
  const fromEnd = useRef<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when older messages have come
  useLayoutEffect(() => {
    const scroller = scrollRef.current;
    if (scroller && fromEnd.current !== null) scroller.scrollTop = scroller.scrollHeight - fromEnd.current;
    fromEnd.current = null;
  }, [firstId]);
  return () => {
    const scroller = scrollRef.current;
    if (scroller) fromEnd.current = scroller.scrollHeight - scroller.scrollTop;
  };
}

function LoadingMessages() {
  return (
    <div role="status" aria-label="Loading the conversation" className={classes.loading}>
      <Skeleton height={40} width="45%" radius="lg" ml="auto" />
      <Skeleton height={14} width="92%" />
      <Skeleton height={14} width="86%" />
      <Skeleton height={14} width="60%" />
    </div>
  );
}
