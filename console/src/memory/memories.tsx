import { Button, Skeleton, Text, TextInput } from '@mantine/core';
import { SearchIcon } from '@primer/octicons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { RecallAnswer } from '../api/memory.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import panel from '../ui/panel-page.module.css';
import { PanelSection } from '../ui/panel-page.tsx';
import classes from './memory.module.css';
import { MemoryRow } from './memory-row.tsx';
import { memoriesQuery, searchQuery } from './queries.ts';
import { ScoreDetails } from './score-details.tsx';

/** All memories, newest first, or those that a search finds. */
export function MemorySection({ readOnly }: { readOnly: boolean }) {
  const [words, setWords] = useState('');
  const [query, setQuery] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setQuery(words.trim());
  };
  const clear = () => {
    setWords('');
    setQuery('');
  };
  return (
    <PanelSection title="Memories" lead="What was said, word for word.">
      {/* biome-ignore lint/a11y/useSemanticElements: not every browser has the search element */}
      <form role="search" className={classes.search} onSubmit={submit}>
        <TextInput
          className={classes.searchField ?? ''}
          aria-label="Search your memories"
          placeholder="Search by words, meaning or time: last week"
          leftSection={<SearchIcon size={16} />}
          maxLength={2000}
          value={words}
          onChange={({ currentTarget }) => setWords(currentTarget.value)}
        />
        <Button type="submit" variant="default" disabled={words.trim() === ''}>
          Search
        </Button>
        {query !== '' && (
          <Button variant="subtle" color="gray" onClick={clear}>
            Show all
          </Button>
        )}
      </form>
      {query === '' ? <AllMemories readOnly={readOnly} /> : <FoundMemories query={query} readOnly={readOnly} />}
    </PanelSection>
  );
}

function AllMemories({ readOnly }: { readOnly: boolean }) {
  const query = useInfiniteQuery(memoriesQuery);
  if (query.isPending) return <LoadingRows />;
  if (query.isLoadingError) return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />;
  const memories = query.data?.pages.flatMap((page) => page.data) ?? [];
  if (memories.length === 0) {
    return (
      <Text c="dimmed" ta="center" py="lg" size="sm">
        Nothing is remembered yet. Tell Parley something about you in a chat.
      </Text>
    );
  }
  return (
    <>
      <ul className={panel.list} aria-label="Your memories">
        {memories.map((memory) => (
          <MemoryRow key={memory.id} memory={memory} readOnly={readOnly} />
        ))}
      </ul>
      {query.hasNextPage && (
        <Button
          variant="subtle"
          color="gray"
          fullWidth
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </>
  );
}

function FoundMemories({ query, readOnly }: { query: string; readOnly: boolean }) {
  const found = useQuery(searchQuery(query));
  if (found.isPending) return <LoadingRows />;
  if (found.isError) return <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />;
  return (
    <>
      <p className={classes.note} role="status">
        {howFound(found.data)}
      </p>
      <ol className={panel.list} aria-label="Found memories">
        {found.data.items.map((item) => (
          <MemoryRow
            key={item.message_id}
            memory={{ ...item, id: item.message_id, noise: null, archived: false, version: 1 }}
            readOnly={readOnly}
          >
            <ScoreDetails item={item} />
          </MemoryRow>
        ))}
      </ol>
    </>
  );
}

function howFound({ total, mode_used: mode, time }: RecallAnswer): string {
  const count = total === 0 ? 'Nothing was found' : total === 1 ? 'One memory' : `${total} memories, the best first`;
  const how = mode === 'words' ? 'by words' : 'by words and meaning';
  const when = time === null ? '' : ` What was said ${time.words} counts more.`;
  return `${count}, ${how}.${when}`;
}

function LoadingRows() {
  return (
    <div role="status" aria-label="Loading memories" className={classes.loading}>
      <Skeleton height={56} radius="md" />
      <Skeleton height={56} radius="md" />
    </div>
  );
}
