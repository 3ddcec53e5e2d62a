import { Button, Loader, Text } from '@mantine/core';
import { useIntersection } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Session } from '../api/types.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { calendarDaysBetween } from '../ui/format.ts';
import { sessionsQuery } from './queries.ts';
import { SessionItem } from './session-item.tsx';
import classes from './session-list.module.css';

/** The chats, newest first, page after page as they are scrolled to. */
export function SessionList() {
  const query = useInfiniteQuery(sessionsQuery);

  const { ref, entry } = useIntersection({ rootMargin: '200px' });
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = query;

  useEffect(() => {
    if (entry?.isIntersecting && hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [entry, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);

  const sessions = query.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <nav className={classes.list} aria-label="Chats">
      {query.isLoadingError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && sessions.length === 0 && (
        <Text size="sm" c="dimmed" px="xs" mt="xs">
          Your chats will be listed here.
        </Text>
      )}
      {groupByAge(sessions, new Date()).map(([age, group]) => (
        <section key={age} aria-label={age}>
          <h2 className={classes.age}>{age}</h2>
          <ul className={classes.items}>
            {group.map((session) => (
              <SessionItem key={session.id} session={session} />
            ))}
          </ul>
        </section>
      ))}
      <div ref={ref} className={classes.end}>
        {isFetchingNextPage && <Loader size="xs" type="dots" aria-label="Loading more chats" />}
        {isFetchNextPageError && (
          <Button size="xs" variant="subtle" onClick={() => void fetchNextPage()}>
            Load more
          </Button>
        )}
      </div>
    </nav>
  );
}

function groupByAge(sessions: readonly Session[], now: Date): [string, Session[]][] {
  const groups = new Map<string, Session[]>();
  for (const session of sessions) {
    const age = ageOf(calendarDaysBetween(new Date(session.updated_at), now));
    groups.set(age, [...(groups.get(age) ?? []), session]);
  }
  return [...groups];
}

function ageOf(days: number): string {
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days <= 7) return 'Last 7 days';
  return days <= 30 ? 'Last 30 days' : 'Older';
}
