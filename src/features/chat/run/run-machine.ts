import type { RunStatus } from '../../../platform/database/schema.ts';
import type { ToolExecutor } from './event.ts';

/**
 * The life of a run and of its tool calls, as two halves of one table. No input or output here.
 *
 * Invariants that the log and its writers keep:
 * - `seq` is dense: 1, 2, 3, …; nothing is sent to a client before it is durable;
 * - exactly one `run-end`, and it is the last event;
 * - at most one unfinished run a session (a unique index);
 * - a worker that lost its lease writes nothing more (the fence: `attempt`);
 * - a waiting run is held by nobody; whoever takes it up raises its `attempt`;
 * - a tool call has at most one result, and every call of a step has one in the log before the model is asked again;
 * - a tool begins only when its call, and its approval, are in the log: a call with effects whose result is missing after a
 *   takeover may have run, so it is answered with an error and never run again.
 */

/** `resume`: every call that was waited for is answered, or somebody cancels. `expire`: nobody answered in time; the run is
 * taken up to fail. */
export type RunSignal = 'claim' | 'complete' | 'fail' | 'cancel' | 'wait' | 'resume' | 'expire' | 'take-over';
type NextStatus = RunStatus | 'refused';

const NOTHING_MORE: Record<RunSignal, NextStatus> = {
  claim: 'refused',
  complete: 'refused',
  fail: 'refused',
  cancel: 'refused',
  wait: 'refused',
  resume: 'refused',
  expire: 'refused',
  'take-over': 'refused',
};

const RUN: Record<RunStatus, Record<RunSignal, NextStatus>> = {
  queued: { ...NOTHING_MORE, claim: 'running', fail: 'failed', cancel: 'cancelled', 'take-over': 'running' },
  running: {
    ...NOTHING_MORE,
    complete: 'completed',
    fail: 'failed',
    cancel: 'cancelled',
    wait: 'waiting',
    'take-over': 'running',
  },
  waiting: { ...NOTHING_MORE, resume: 'running', expire: 'running' },
  completed: NOTHING_MORE,
  failed: NOTHING_MORE,
  cancelled: NOTHING_MORE,
};

export function transition(status: RunStatus, signal: RunSignal): NextStatus {
  return RUN[status][signal];
}

export function isTerminal(status: RunStatus): boolean {
  return Object.values(RUN[status]).every((next) => next === 'refused');
}

const STATUSES = Object.keys(RUN) as RunStatus[];
export const UNFINISHED: readonly RunStatus[] = STATUSES.filter((status) => !isTerminal(status));
/** A worker's lease holds the run, or should: what is taken over from a dead one. */
export const HELD: readonly RunStatus[] = STATUSES.filter((status) => transition(status, 'take-over') !== 'refused');

/** `asks`: a person must agree first. `offered`: a client runs it. `begun`: this program runs it, or has. `refused`: the person
 * did not agree. */
export type CallState = 'asks' | 'offered' | 'begun' | 'refused' | 'answered';
export type CallSignal = 'approve' | 'refuse' | 'answer';

const CALL: Record<CallState, Record<CallSignal, CallState | 'ignored'>> = {
  asks: { approve: 'begun', refuse: 'refused', answer: 'answered' },
  offered: { approve: 'ignored', refuse: 'ignored', answer: 'answered' },
  begun: { approve: 'ignored', refuse: 'ignored', answer: 'answered' },
  refused: { approve: 'ignored', refuse: 'ignored', answer: 'answered' },
  answered: { approve: 'ignored', refuse: 'ignored', answer: 'ignored' },
};

export function firstCallState(executor: ToolExecutor, needsApproval: boolean): CallState {
  if (executor === 'client') return 'offered';
  return needsApproval ? 'asks' : 'begun';
}

export function nextCallState(state: CallState, signal: CallSignal): CallState | 'ignored' {
  return CALL[state][signal];
}

export type CallAct = 'wait' | 'run' | 'give-up' | 'tell-refusal' | 'nothing';

/** What a worker does about a call. `inherited`: another worker wrote what let the call begin, so it may have run there. */
export function actOn(state: CallState, { inherited, effects }: { inherited: boolean; effects: boolean }): CallAct {
  switch (state) {
    case 'asks':
    case 'offered':
      return 'wait';
    case 'begun':
      return inherited && effects ? 'give-up' : 'run';
    case 'refused':
      return 'tell-refusal';
    case 'answered':
      return 'nothing';
  }
}
