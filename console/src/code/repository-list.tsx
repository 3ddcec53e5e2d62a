import { Button, Skeleton } from '@mantine/core';
import { RepoIcon } from '@primer/octicons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { ErrorNotice } from '../ui/error-notice.tsx';
import items from '../ui/item-list.module.css';
import classes from './code.module.css';
import { repositoriesQuery } from './queries.ts';
import { RepositoryRow } from './repository-row.tsx';

/** Newest first. Read again by itself while one of them is being analysed. */
export function RepositoryList({ onAdd }: { onAdd: (() => void) | null }) {
  const query = useInfiniteQuery(repositoriesQuery);
  if (query.isPending) return <LoadingRows />;
  if (query.isLoadingError) return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />;
  const repositories = query.data?.pages.flatMap((page) => page.data) ?? [];
  if (repositories.length === 0) return <Nothing onAdd={onAdd} />;
  return (
    <section aria-label="Repositories">
      <ul className={items.list}>
        {repositories.map((repository) => (
          <RepositoryRow key={repository.id} repository={repository} />
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

function Nothing({ onAdd }: { onAdd: (() => void) | null }) {
  return (
    <div className={classes.empty}>
      <RepoIcon size={28} />
      <p className={classes.emptyTitle}>No code has been analysed yet</p>
      <p className={classes.quiet}>
        {onAdd === null
          ? 'A member of this workspace can add a repository; what is found in it is then shown here.'
          : 'Add a repository by its address, or drop an archive above. Parley fetches it, measures it, and shows its faults, scores and readiness for production here.'}
      </p>
      {onAdd && (
        <Button variant="default" mt="sm" onClick={onAdd}>
          Add the first repository
        </Button>
      )}
    </div>
  );
}

function LoadingRows() {
  return (
    <div role="status" aria-label="Loading the repositories" className={items.loading}>
      <Skeleton height={64} radius="md" />
      <Skeleton height={64} radius="md" />
      <Skeleton height={64} radius="md" />
    </div>
  );
}
