import { VisuallyHidden } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { isUnfinished, textOf } from './answer.ts';
import { activityText, progressText } from './answer-progress.tsx';
import type { LiveRun } from './live-runs.ts';

/** Characters read out by themselves; the rest is in the conversation for who wants it. */
const SPOKEN = 600;

/**
 * Tells a screen reader what happens without reading each token: that the answer is being written, and once it is there,
 * the answer. The conversation itself is not a live region.
 */
export function LiveAnnouncer({ live }: { live: LiveRun | null }) {
  const [words, setWords] = useState('');
  const told = useRef('');
  const next = live === null ? null : announcement(live);
  useEffect(() => {
    if (next === null || next === told.current) return;
    told.current = next;
    setWords(next);
  }, [next]);
  return (
    <VisuallyHidden role="status" aria-live="polite" data-testid="announcer">
      {words}
    </VisuallyHidden>
  );
}

function announcement(live: LiveRun): string {
  const { phase, answer } = live;
  if (phase === 'waiting' || phase === 'unsent') return progressText(live);
  if (phase === 'failed') return '';
  if (isUnfinished(answer.status)) return answer.activity === 'writing' ? 'Writing the answer.' : activityText(answer);
  const text = textOf(answer.parts).replaceAll(/\[\d+\]|[*_`#]/g, '');
  const spoken = text.length > SPOKEN ? `${text.slice(0, SPOKEN)}… The answer goes on in the conversation.` : text;
  return answer.status === 'cancelled' ? `Stopped. ${spoken}` : `Answer: ${spoken}`;
}
