import { Button } from '@mantine/core';
import { SyncIcon } from '@primer/octicons-react';
import { useMutation } from '@tanstack/react-query';
import { type Repository, startAnalysis } from '../api/code.ts';
import { ApiError } from '../api/problem.ts';
import { notifyError } from '../ui/notify.tsx';
import { refreshRepositories } from './queries.ts';

const UNDER_WAY = 'ERR_ANALYSIS_003';

export function useStartAnalysis(repositoryId: string) {
  return useMutation({
    mutationFn: () => startAnalysis(repositoryId),
    onError: (error) => {
      // Somebody else was faster: theirs is shown.
      if (!(error instanceof ApiError && error.code === UNDER_WAY)) notifyError('No analysis was started', error);
    },
    onSettled: refreshRepositories,
  });
}

/** "Analyse", or "Analyse again" where it was before. */
export function StartAnalysis({ repository, compact = false }: { repository: Repository; compact?: boolean }) {
  const { id, name, latest_analysis: latest } = repository;
  const start = useStartAnalysis(id);
  const label = latest === null ? 'Analyse' : 'Analyse again';
  return (
    <Button
      variant="default"
      {...(compact && { size: 'compact-xs', mt: 6 })}
      leftSection={<SyncIcon size={compact ? 12 : 16} />}
      loading={start.isPending}
      onClick={() => start.mutate()}
      aria-label={`${label}: ${name}`}
    >
      {label}
    </Button>
  );
}
