import { Alert, Button, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { type RetentionRun, startRetention } from '../api/retention.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from '../ui/panel-page.module.css';
import { PanelSection } from '../ui/panel-page.tsx';
import { refreshRetention, runsQuery } from './queries.ts';
import { ACTIONS, countWords } from './words.ts';

/** Applying it now, trying it before, and what was done so far. */
export function RunSection() {
  const runs = useInfiniteQuery(runsQuery);
  const all = runs.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <PanelSection title="Runs" lead="A dry run counts what would be done and does nothing." action={<RunButtons />}>
      {runs.isError && <ErrorNotice error={runs.error} onRetry={() => void runs.refetch()} />}
      {runs.isSuccess && all.length === 0 && <p className={classes.lead}>There was none yet.</p>}
      {all.length > 0 && (
        <ol className={classes.list} aria-label="Runs, newest first">
          {all.map((run) => (
            <RunRow key={run.id} run={run} />
          ))}
        </ol>
      )}
      {runs.hasNextPage && (
        <Button
          variant="subtle"
          color="gray"
          fullWidth
          loading={runs.isFetchingNextPage}
          onClick={() => void runs.fetchNextPage()}
        >
          Show more runs
        </Button>
      )}
    </PanelSection>
  );
}

function RunButtons() {
  const [asking, { open, close }] = useDisclosure(false);
  const run = useMutation({
    mutationFn: startRetention,
    onSettled: () => {
      close();
      return refreshRetention();
    },
  });
  const preview = run.data?.dry_run ? run.data : null;
  return (
    <>
      <Group gap="xs">
        <Button variant="default" size="xs" loading={run.isPending} onClick={() => run.mutate(true)}>
          Dry run
        </Button>
        <Button variant="default" size="xs" loading={run.isPending} onClick={open}>
          Apply now
        </Button>
      </Group>
      {run.isError && <ErrorNotice error={run.error} />}
      {preview && (
        <Alert variant="light" color="pine" role="status" w="100%">
          If it were applied now: {countWords(preview.planned)}.
        </Alert>
      )}
      <ConfirmDialog
        opened={asking}
        title="Apply policy and rules now?"
        confirm="Apply"
        busy={run.isPending}
        onConfirm={() => run.mutate(false)}
        onClose={close}
      >
        What they delete is gone for good. A dry run tells how much that would be.
      </ConfirmDialog>
    </>
  );
}

function RunRow({ run }: { run: RetentionRun }) {
  const { created_at, dry_run, planned, done, cause, status, error, rules_applied: rules } = run;
  const applied = rules.filter(({ memories }) => memories > 0);
  return (
    <li className={classes.row}>
      <div className={classes.body}>
        <p className={classes.title}>
          {dry_run ? `Dry run: ${countWords(planned)}` : capital(countWords(done))}
          {status === 'running' && `, going on (of ${countWords(planned)})`}
          {status === 'failed' && ', then failed'}
        </p>
        <p className={classes.meta}>
          {[
            cause === 'schedule' ? 'By itself' : 'Asked for',
            ...applied.map(({ name, action, memories }) => `${name}: ${ACTIONS[action]} ${memories.toLocaleString()}`),
          ].join(' · ')}
        </p>
        {error && <p className={classes.meta}>{error.detail}</p>}
      </div>
      <time className={classes.meta} dateTime={created_at}>
        {new Date(created_at).toLocaleString()}
      </time>
    </li>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
