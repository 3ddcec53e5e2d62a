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

export function activityText({ activity, passages, calls }: Answer): string {
  switch (activity) {
    case 'searching':
      return 'Searching your documents…';
    case 'reading':
      if (passages === null || passages === 0) return 'Thinking…';
      return passages === 1 ? 'Reading one passage…' : `Reading ${passages} passages…`;
    case 'using-tool':
      return toolText(calls);
    case 'waiting':
    case 'writing':
      return '';
  }
}

/** What the answer waits for first of all: the person, who may not know it, then others. */
function toolText(calls: Answer['calls']): string {
  const states = new Set(calls.map(({ state }) => state));
  if (states.has('asks')) return 'Waiting for your permission…';
  return states.has('waits') && !states.has('running') ? 'Waiting for another program…' : 'Using a tool…';
}
