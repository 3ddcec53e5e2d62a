import { useMutation } from '@tanstack/react-query';
import { type RefObject, useRef, useState } from 'react';
import { type Finding, type TriageStatus, triageFinding } from '../api/code.ts';
import { notifyError } from '../ui/notify.tsx';
import { putFinding } from './queries.ts';

type Said = { status: TriageStatus; note: string | null };

export type Triage = {
  /** False where the server refused, which is told by then. */
  judge: (said: Said) => Promise<boolean>;
  /** Back to what was said before; null where nothing was changed here. */
  undo: (() => void) | null;
  busy: boolean;
  /** What the judging began at, and where the focus goes when the way back is gone. */
  target: RefObject<HTMLButtonElement | null>;
};

/** Judging one finding, with the way back for as long as it is on the screen. */
export function useTriage(finding: Finding, onJudged: (finding: Finding) => void): Triage {
  const [before, setBefore] = useState<Said | null>(null);
  const target = useRef<HTMLButtonElement>(null);
  const change = useMutation({
    mutationFn: ({ status, note }: Said) => triageFinding(finding.id, status, note),
    onSuccess: (judged) => {
      putFinding(finding, judged);
      onJudged(judged);
    },
    onError: (error) => notifyError('The finding was not judged', error),
  });
  return {
    busy: change.isPending,
    target,
    judge: async (said) => {
      const { status, note } = finding;
      return change.mutateAsync(said).then(
        () => {
          setBefore({ status, note });
          return true;
        },
        () => false,
      );
    },
    undo:
      before &&
      (() => {
        const goBack = () => {
          setBefore(null);
          target.current?.focus();
        };
        change.mutate(before, { onSuccess: goBack });
      }),
  };
}
