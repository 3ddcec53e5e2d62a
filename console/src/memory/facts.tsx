import { Button, Checkbox, Skeleton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { PlusIcon } from '@primer/octicons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ErrorNotice } from '../ui/error-notice.tsx';
import panel from '../ui/panel-page.module.css';
import { PanelSection } from '../ui/panel-page.tsx';
import { FactForm } from './fact-form.tsx';
import { FactRow } from './fact-row.tsx';
import classes from './memory.module.css';
import { factsQuery } from './queries.ts';

/** What is known of a person, statement by statement, each with its source and, on demand, what held before. */
export function FactSection({ readOnly }: { readOnly: boolean }) {
  const [history, setHistory] = useState(false);
  const [adding, { open, close }] = useDisclosure(false);
  const query = useInfiniteQuery(factsQuery(history));
  const facts = query.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <PanelSection
      title="Facts"
      lead="Drawn from what you said, or written down by you. A later one takes the place of the earlier."
      action={
        !readOnly && (
          <Button variant="default" size="xs" leftSection={<PlusIcon size={14} />} onClick={open}>
            Write down
          </Button>
        )
      }
    >
      <Checkbox
        label="Also what no longer holds"
        checked={history}
        onChange={({ currentTarget }) => setHistory(currentTarget.checked)}
      />
      {query.isPending && <Skeleton height={56} radius="md" />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && facts.length === 0 && <p className={classes.note}>No facts are known.</p>}
      {facts.length > 0 && (
        <ul className={panel.list} aria-label="Facts">
          {facts.map((fact) => (
            <FactRow key={fact.id} fact={fact} readOnly={readOnly} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <Button
          variant="subtle"
          color="gray"
          fullWidth
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show more facts
        </Button>
      )}
      {adding && <FactForm fact={null} onClose={close} />}
    </PanelSection>
  );
}
