import { Anchor, Button, Group, Skeleton } from '@mantine/core';
import { ArrowLeftIcon } from '@primer/octicons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link, Navigate, useNavigate, useParams } from 'react-router';
import type { AnalysisSummary, Repository } from '../api/code.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import panel from '../ui/panel-page.module.css';
import { PanelPage } from '../ui/panel-page.tsx';
import { AnalysisHistory } from './analysis-history.tsx';
import { UnderWay } from './analysis-state.tsx';
import { AnalysisView } from './analysis-view.tsx';
import classes from './code.module.css';
import { FailedAnalysis } from './failed-analysis.tsx';
import { analysisQuery, lastResultQuery, refreshRepositories, repositoryQuery } from './queries.ts';
import { RepositoryMenu } from './repository-menu.tsx';
import { StartAnalysis } from './start-analysis.tsx';
import { useCancelAnalysis } from './use-cancel-analysis.ts';
import { useCodePermissions } from './use-permissions.ts';
import { isUnderWay, originWords } from './words.ts';

/** A repository: its last result, or the analysis that the address names, and all others below. */
export function RepositoryPage() {
  const id = useParams().repositoryId ?? '';
  const navigate = useNavigate();
  const query = useQuery(repositoryQuery(id));
  const repository = query.data;
  const { work } = useCodePermissions();
  return (
    <PanelPage
      title={repository?.name ?? 'Repository'}
      lead={repository ? originWords(repository) : ''}
      back={
        <Anchor component={Link} to="/repositories" size="sm" className={classes.back ?? ''}>
          <ArrowLeftIcon size={16} /> All repositories
        </Anchor>
      }
      action={
        repository && (
          <Group gap="xs" wrap="nowrap">
            {work && !isWaited(repository.latest_analysis) && <StartAnalysis repository={repository} />}
            <RepositoryMenu
              repository={repository}
              onDeleted={() => void navigate('/repositories', { replace: true })}
            />
          </Group>
        )
      }
    >
      {query.isPending && <Skeleton height={200} aria-label="Loading the repository" />}
      {query.isLoadingError && (
        <ErrorNotice error={query.error} title="This repository can’t be shown" onRetry={() => void query.refetch()} />
      )}
      {repository && <Opened repository={repository} />}
    </PanelPage>
  );
}

const isWaited = (analysis: AnalysisSummary | null) => analysis !== null && isUnderWay(analysis);

function Opened({ repository }: { repository: Repository }) {
  const { id, description, latest_analysis: latest } = repository;
  const named = useParams().analysisId;
  const lastResult = useQuery(lastResultQuery(id));
  useRefreshAtEnd(latest);
  const shown = named ?? lastResult.data?.id;
  if (lastResult.isPending) return <Skeleton height={200} aria-label="Loading the analysis" />;
  if (lastResult.isLoadingError) {
    return <ErrorNotice error={lastResult.error} onRetry={() => void lastResult.refetch()} />;
  }
  return (
    <>
      {description && (
        <p className={classes.description} dir="auto">
          {description}
        </p>
      )}
      {latest === null && <p className={classes.quiet}>Not analysed yet.</p>}
      {latest && <Latest repository={repository} latest={latest} isNamed={named === latest.id} />}
      {named !== undefined && lastResult.data && named !== lastResult.data.id && (
        <p className={classes.older}>
          This is an older analysis. <Link to={`/repositories/${id}`}>Show the last result</Link>
        </p>
      )}
      {shown !== undefined && <OneAnalysis id={shown} repository={repository} />}
      {latest && <AnalysisHistory repositoryId={id} shown={shown ?? null} />}
    </>
  );
}

/** Whoever waits sees the result when it is there, without asking. */
function useRefreshAtEnd(latest: AnalysisSummary | null): void {
  const state = latest === null ? '' : `${latest.id} ${latest.status}`;
  const seen = useRef(state);
  useEffect(() => {
    if (seen.current === state) return;
    seen.current = state;
    void refreshRepositories();
  }, [state]);
}

type LatestProps = { repository: Repository; latest: AnalysisSummary; isNamed: boolean };

/** The newest analysis where it is not what is shown below: under way, failed or cancelled. */
function Latest({ repository, latest, isNamed }: LatestProps) {
  const { change } = useCodePermissions();
  const cancel = useCancelAnalysis();
  if (isUnderWay(latest)) {
    return (
      <section className={panel.card} aria-label="Analysis under way">
        <div>
          <UnderWay analysis={latest} name={repository.name} />
        </div>
        {change(latest) && (
          <Group gap="xs">
            <Button variant="default" size="xs" loading={cancel.isPending} onClick={() => cancel.mutate(latest.id)}>
              Cancel the analysis
            </Button>
          </Group>
        )}
      </section>
    );
  }
  if (isNamed) return null;
  if (latest.status === 'failed') return <FailedAnalysis repository={repository} analysis={latest} />;
  if (latest.status === 'cancelled') return <p className={classes.quiet}>The latest analysis was cancelled.</p>;
  return null;
}

function OneAnalysis({ id, repository }: { id: string; repository: Repository }) {
  const query = useQuery(analysisQuery(id));
  if (query.isPending) return <Skeleton height={240} aria-label="Loading the analysis" />;
  if (query.isLoadingError) {
    return (
      <ErrorNotice error={query.error} title="This analysis can’t be shown" onRetry={() => void query.refetch()} />
    );
  }
  const analysis = query.data;
  if (analysis && analysis.repository_id !== repository.id) {
    return <Navigate to={`/repositories/${analysis.repository_id}/analyses/${id}`} replace />;
  }
  if (analysis?.status === 'failed') return <FailedAnalysis repository={repository} analysis={analysis} />;
  if (analysis?.status === 'cancelled') return <p className={classes.quiet}>This analysis was cancelled.</p>;
  if (analysis?.status !== 'completed') return null;
  return <AnalysisView key={id} analysis={analysis} />;
}
