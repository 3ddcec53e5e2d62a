import { Button, Skeleton } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { readDocumentText } from '../api/documents.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from './document-page.module.css';
import { documentKeys } from './queries.ts';

/** Characters read at once; a book is thus read in pieces, as far as it is wanted. */
const STRETCH = 20_000;

export function DocumentReader({ id }: { id: string }) {
  const query = useInfiniteQuery({
    queryKey: [...documentKeys.text(id), 'reader'],
    queryFn: ({ pageParam, signal }) => readDocumentText(id, { start: pageParam, end: pageParam + STRETCH }, signal),
    initialPageParam: 0,
    getNextPageParam: ({ end, length }) => (end < length ? end : null),
  });
  if (query.isPending) return <Skeleton height={320} aria-label="Loading the text" />;
  if (query.isLoadingError) return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <>
      <section className={classes.text} dir="auto" aria-label="Text of the document">
        {query.data?.pages.map(({ start, text }) => (
          <span key={start}>{text}</span>
        ))}
      </section>
      {query.hasNextPage && (
        <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show more
        </Button>
      )}
    </>
  );
}
