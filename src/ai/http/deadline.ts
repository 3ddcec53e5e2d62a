import { ModelError } from '../chat-model.ts';

/** All in milliseconds. */
export type Timeouts = {
  /** Until the connection stands, TLS included. */
  connect: number;
  /** Until the answer's first byte: a local model may have to load first. */
  firstByte: number;
  /** Between two pieces of the answer. */
  idle: number;
  /** For the whole answer. */
  total: number;
};

export const DEFAULT_TIMEOUTS: Timeouts = { connect: 10_000, firstByte: 120_000, idle: 60_000, total: 600_000 };

export type Deadline = {
  /** What to do when the time is up or the caller aborts; replaces the one before. */
  onEnd(act: (reason: Error) => void): void;
  next(phase: 'firstByte' | 'idle'): void;
  expectWithin(milliseconds: number): void;
  /** The clock stands until `refresh`. */
  pause(): void;
  refresh(): void;
  /** Why it ended: the caller's own reason, or a time-out; null while it runs. */
  reason(): unknown;
  stop(): void;
};

type Watched = { provider: string; timeouts: Timeouts; signal: AbortSignal };

/** One timer for the phase, one for the whole and the caller's signal, all ending in one act. */
export function startDeadline({ provider, timeouts, signal }: Watched): Deadline {
  let act: (reason: Error) => void = () => {};
  let reason: unknown = null;
  const end = (why: unknown) => {
    stop();
    reason = why;
    act(why instanceof Error ? why : new Error('The request was aborted.', { cause: why }));
  };
  let paused = false;
  const timeUp = (words: string) => () => {
    if (!paused) end(new ModelError('timeout', `${provider} ${words}.`));
  };
  const abort = () => end(signal.reason);
  const total = setTimeout(
    () => end(new ModelError('timeout', `${provider} did not finish its answer in time.`)),
    timeouts.total,
  );
  let phase = setTimeout(timeUp('could not be reached in time'), timeouts.connect);
  signal.addEventListener('abort', abort, { once: true });

  function expectWithin(milliseconds: number, words = 'stopped in the middle of its answer') {
    clearTimeout(phase);
    if (reason === null) phase = setTimeout(timeUp(words), milliseconds);
  }
  function stop() {
    clearTimeout(total);
    clearTimeout(phase);
    signal.removeEventListener('abort', abort);
  }
  return {
    onEnd: (next) => {
      act = next;
    },
    next: (name) => expectWithin(timeouts[name], name === 'idle' ? undefined : 'did not begin to answer in time'),
    expectWithin: (milliseconds) => expectWithin(milliseconds),
    pause: () => {
      paused = true;
    },
    refresh: () => {
      paused = false;
      phase.refresh();
    },
    reason: () => reason,
    stop,
  };
}
