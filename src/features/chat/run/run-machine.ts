import type { RunStatus } from '../../../platform/database/schema.ts';

/**
 * The life of a run, as one table. No input or output here.
 *
 * Invariants that the log and its writers keep:
 * - `seq` is dense: 1, 2, 3, …; nothing is sent to a client before it is durable;
 * - exactly one `run-end`, and it is the last event;
 * - at most one unfinished run a session (a unique index);
 * - a worker that lost its lease writes nothing more (the fence: `attempt`).
 */
export type RunSignal = 'claim' | 'complete' | 'fail' | 'cancel' | 'take-over';

type Next = RunStatus | 'refused';

const TRANSITIONS: Record<RunStatus, Record<RunSignal, Next>> = {
  queued: { claim: 'running', complete: 'refused', fail: 'failed', cancel: 'cancelled', 'take-over': 'running' },
  running: { claim: 'refused', complete: 'completed', fail: 'failed', cancel: 'cancelled', 'take-over': 'running' },
  completed: { claim: 'refused', complete: 'refused', fail: 'refused', cancel: 'refused', 'take-over': 'refused' },
  failed: { claim: 'refused', complete: 'refused', fail: 'refused', cancel: 'refused', 'take-over': 'refused' },
  cancelled: { claim: 'refused', complete: 'refused', fail: 'refused', cancel: 'refused', 'take-over': 'refused' },
};

export function transition(status: RunStatus, signal: RunSignal): Next {
  return TRANSITIONS[status][signal];
}

export function isTerminal(status: RunStatus): boolean {
  return Object.values(TRANSITIONS[status]).every((next) => next === 'refused');
}
