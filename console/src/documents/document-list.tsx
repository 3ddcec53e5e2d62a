import { Button, Skeleton, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from '../ui/item-list.module.css';
import { DocumentRow } from './document-row.tsx';
import { documentsQuery } from './queries.ts';

/** The documents, newest first. Read again by itself while one of them is being worked on. */
export function DocumentList({ readOnly }: { readOnly: boolean }) {
  const query = useInfiniteQuery(documentsQuery);
  if (query.isPending) return <LoadingRows />;
  if (query.isLoadingError) return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />;
  const documents = query.data?.pages.flatMap((page) => page.data) ?? [];
  if (documents.length === 0) {
    return (
      <Text c="dimmed" ta="center" py="xl">
        There are no documents yet.
      </Text>
    );
  }
  return (
    <section aria-label="Your documents">
      <ul className={classes.list}>
        {documents.map((document) => (
          <DocumentRow key={document.id} document={document} readOnly={readOnly} />
        ))}
      </ul>
      {query.hasNextPage && (
        <Button
          variant="subtle"
          color="gray"
          fullWidth
          mt="sm"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </section>
  );
}

function LoadingRows() {
  return (
    <div role="status" aria-label="Loading the documents" className={classes.loading}>
      <Skeleton height={56} radius="md" />
      <Skeleton height={56} radius="md" />
      <Skeleton height={56} radius="md" />
    </div>
  );
}
