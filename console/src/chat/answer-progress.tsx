import { Loader } from '@mantine/core';
import type { Answer } from './answer.ts';
import classes from './answer-progress.module.css';
import type { LiveRun } from './live-runs.ts';

/** What is going on while no text comes. Takes the same height with words and without, so that nothing jumps. */
export function AnswerProgress({ text }: { text: string }) {
  return (
    <p className={classes.progress}>
      <Loader size={18} type="dots" color="gray" aria-hidden="true" />
      {text}
    </p>
  );
}

/** In a few words; none while the text itself shows that it goes on. */
export function progressText({ phase, stopping, answer }: LiveRun): string {
  if (phase === 'unsent') return 'No connection. The question is sent as soon as it is back…';
  if (phase === 'waiting') return 'Connection lost. The answer goes on; reconnecting…';
  return stopping ? 'Stopping…' : activityText(answer);
}

export function activityText({ activity, passages }: Answer): string {
  switch (activity) {
    case 'searching':
      return 'Searching your documents…';
    case 'reading':
      if (passages === null || passages === 0) return 'Thinking…';
      return passages === 1 ? 'Reading one passage…' : `Reading ${passages} passages…`;
    case 'using-tool':
      return 'Using a tool…';
    case 'waiting':
    case 'writing':
      return '';
  }
}
