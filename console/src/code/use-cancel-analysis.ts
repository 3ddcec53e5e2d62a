import { useMutation } from '@tanstack/react-query';
import { cancelAnalysis } from '../api/code.ts';
import { notifyError } from '../ui/notify.tsx';
import { refreshRepositories } from './queries.ts';

export function useCancelAnalysis() {
  return useMutation({
    mutationFn: cancelAnalysis,
    onError: (error) => notifyError('The analysis was not cancelled', error),
    onSettled: refreshRepositories,
  });
}
