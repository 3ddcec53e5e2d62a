import { Button, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from 'react-router';
import type { Memory } from '../api/memory.ts';
import { useCredentials } from '../auth/use-credentials.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { PageLoading } from '../ui/page-loading.tsx';
import panel from '../ui/panel-page.module.css';
import { PanelPage, PanelSection } from '../ui/panel-page.tsx';
import { CorrectMemory } from './correct-memory.tsx';
import { DeleteMemory } from './delete-memory.tsx';
import classes from './memory.module.css';
import { MemorySource } from './memory-row.tsx';
import { memoryQuery, versionsQuery } from './queries.ts';

/** One memory whole, with what it said before each correction. */
export function MemoryEntryPage() {
  const id = useParams().memoryId ?? '';
  const memory = useQuery(memoryQuery(id));
  const readOnly = useCredentials()?.tenant.role === 'viewer';
  return (
    <PanelPage
      title="A memory"
      lead="What is remembered, and what becomes of it."
      action={
        <Button component={Link} to="/memory" variant="default">
          All memories
        </Button>
      }
    >
      {memory.isPending && <PageLoading />}
      {memory.isError && <ErrorNotice error={memory.error} title="This memory can’t be shown" />}
      {memory.isSuccess && <Entry memory={memory.data} readOnly={readOnly} />}
    </PanelPage>
  );
}

function Entry({ memory, readOnly }: { memory: Memory; readOnly: boolean }) {
  const navigate = useNavigate();
  const [correcting, correction] = useDisclosure(false);
  const [deleting, deletion] = useDisclosure(false);
  return (
    <>
      <div className={panel.card}>
        <p className={classes.whole} dir="auto">
          {memory.content}
        </p>
        <p className={panel.meta}>
          <MemorySource memory={memory} />
        </p>
        <p className={panel.meta}>{stateOf(memory)}</p>
        {!readOnly && (
          <Group gap="xs">
            <Button variant="default" onClick={correction.open}>
              Correct
            </Button>
            <Button variant="default" onClick={deletion.open}>
              Forget
            </Button>
          </Group>
        )}
      </div>
      {memory.version > 1 && <Versions id={memory.id} />}
      {correcting && <CorrectMemory id={memory.id} content={memory.content} onClose={correction.close} />}
      <DeleteMemory
        id={memory.id}
        opened={deleting}
        onClose={deletion.close}
        onDeleted={() => void navigate('/memory')}
      />
    </>
  );
}

function stateOf({
  importance_score,
  importance_override,
  noise,
  archived,
  embedding_status,
  embedding_error,
}: Memory) {
  const importance = `Importance ${importance_score.toFixed(2)}${importance_override === null ? '' : ', set by hand'}`;
  const meaning =
    embedding_status === 'completed' ? 'found by words and by meaning' : (embedding_error?.detail ?? 'found by words');
  return [
    importance,
    ...(noise === null ? [] : [`${noise}: never used for answers`]),
    ...(archived ? ['archived: never recalled'] : []),
    meaning,
  ].join(' · ');
}

function Versions({ id }: { id: string }) {
  const versions = useInfiniteQuery(versionsQuery(id));
  const shown = versions.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <PanelSection title="History">
      {versions.isError && <ErrorNotice error={versions.error} onRetry={() => void versions.refetch()} />}
      <ol className={panel.list} aria-label="Versions, newest first">
        {shown.map(({ id: version, content, valid_from, valid_to }) => (
          <li key={version} className={panel.row}>
            <div className={panel.body}>
              <p className={valid_to === null ? classes.whole : `${classes.whole} ${classes.past}`} dir="auto">
                {content}
              </p>
              <p className={panel.meta}>
                {valid_to === null ? 'Since ' : `Until ${new Date(valid_to).toLocaleString()}, since `}
                {new Date(valid_from).toLocaleString()}
              </p>
            </div>
          </li>
        ))}
      </ol>
      {versions.hasNextPage && (
        <Button
          variant="subtle"
          color="gray"
          fullWidth
          loading={versions.isFetchingNextPage}
          onClick={() => void versions.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </PanelSection>
  );
}
