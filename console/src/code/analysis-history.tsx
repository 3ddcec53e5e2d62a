import { ActionIcon, Button } from '@mantine/core';
import { TrashIcon } from '@primer/octicons-react';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { type AnalysisSummary, deleteAnalysis } from '../api/code.ts';
import { queryClient } from '../app/query-client.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { notifyError } from '../ui/notify.tsx';
import { PanelSection } from '../ui/panel-page.tsx';
import classes from './code.module.css';
import { analysesQuery, codeKeys, refreshRepositories } from './queries.ts';
import { useCodePermissions } from './use-permissions.ts';
import { isUnderWay, STATUS_WORDS } from './words.ts';

type Props = { repositoryId: string; shown: string | null };

/** All analyses of a repository, each a link; the one that is shown is marked. */
export function AnalysisHistory({ repositoryId, shown }: Props) {
  const query = useInfiniteQuery(analysesQuery(repositoryId));
  const [asked, setAsked] = useState<AnalysisSummary | null>(null);
  const analyses = query.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <PanelSection title="All analyses">
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {analyses.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
        <section className={classes.scroll} tabIndex={0} aria-label="Table of analyses">
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">State</th>
                <th scope="col">Grade</th>
                <th scope="col" className={classes.number}>
                  Score
                </th>
                <th scope="col" className={classes.number}>
                  Findings
                </th>
                <th scope="col">Commit</th>
                <th scope="col">
                  <span className={classes.hidden}>Delete</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {analyses.map((analysis) => (
                <Row key={analysis.id} analysis={analysis} isShown={analysis.id === shown} onDelete={setAsked} />
              ))}
            </tbody>
          </table>
        </section>
      )}
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
      <DeleteAnalysis analysis={asked} shown={shown} onClose={() => setAsked(null)} />
    </PanelSection>
  );
}

type RowProps = { analysis: AnalysisSummary; isShown: boolean; onDelete: (analysis: AnalysisSummary) => void };

function Row({ analysis, isShown, onDelete }: RowProps) {
  const { id, repository_id, status, scores, finding_count, commit, created_at } = analysis;
  const { change } = useCodePermissions();
  const overall = scores.at(-1);
  const when = new Date(created_at).toLocaleString();
  return (
    <tr aria-current={isShown ? 'true' : undefined}>
      <th scope="row" className={classes.when}>
        <Link to={`/repositories/${repository_id}/analyses/${id}`}>{when}</Link>
      </th>
      <td>{STATUS_WORDS[status]}</td>
      <td>{overall?.grade ?? '–'}</td>
      <td className={classes.number}>{overall?.value ?? '–'}</td>
      <td className={classes.number}>{status === 'completed' ? finding_count.toLocaleString() : '–'}</td>
      <td>{commit === null ? '–' : <code>{commit.slice(0, 12)}</code>}</td>
      <td className={classes.number}>
        {change(analysis) && !isUnderWay(analysis) && (
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={`Delete the analysis of ${when}`}
            onClick={() => onDelete(analysis)}
          >
            <TrashIcon size={14} />
          </ActionIcon>
        )}
      </td>
    </tr>
  );
}

type DeleteProps = { analysis: AnalysisSummary | null; shown: string | null; onClose: () => void };

function DeleteAnalysis({ analysis, shown, onClose }: DeleteProps) {
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: ({ id }: AnalysisSummary) => deleteAnalysis(id),
    onSuccess: async (_, { id, repository_id }) => {
      if (id === shown) await navigate(`/repositories/${repository_id}`, { replace: true });
      await refreshRepositories();
      for (const key of [codeKeys.analysis(id), codeKeys.findings(id), codeKeys.comparison(id)]) {
        queryClient.removeQueries({ queryKey: key, type: 'inactive' });
      }
    },
    onError: (error) => notifyError('The analysis was not deleted', error),
    onSettled: onClose,
  });
  return (
    <ConfirmDialog
      opened={analysis !== null}
      title="Delete this analysis?"
      confirm="Delete"
      busy={remove.isPending}
      onConfirm={() => analysis && remove.mutate(analysis)}
      onClose={onClose}
    >
      The analysis goes for good, with its scores and findings. What was said of findings stays for the other analyses.
    </ConfirmDialog>
  );
}
