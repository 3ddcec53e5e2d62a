/**
 * Stops calls to something that keeps failing, and tries it again after a while with one call at a time.
 *
 * | state     | event                                | next      |
 * |-----------|--------------------------------------|-----------|
 * | closed    | the nth failure in a row             | open      |
 * | open      | the cool-down is over, a call enters | half-open |
 * | half-open | that call is answered                | closed    |
 * | half-open | that call fails                      | open      |
 * | half-open | that call is abandoned               | open, cool-down over |
 *
 * Unlike the libraries for this, a call that meets a half-open breaker is refused at once instead of waiting for the probe:
 * a model's first token can take minutes, and the caller may have another model to turn to.
 */
export type CircuitBreaker = {
  readonly state: 'closed' | 'open' | 'half-open';
  /** Ask before each call and settle the permit after it. @throws CircuitOpen */
  enter(): Permit;
};

/** Exactly one of `succeeded`, `failed` and `abandoned` ends a call; what comes after it does nothing. */
export type Permit = {
  /** The other side is alive, although the call is not over: enough to let others through again. */
  answered(): void;
  succeeded(): void;
  failed(): void;
  /** It ended for reasons of our own, such as an abort: says nothing about the other side. */
  abandoned(): void;
};

export class CircuitOpen extends Error {
  /** Milliseconds until a call may be tried. */
  readonly retryAfter: number;
  constructor(retryAfter: number) {
    super('The circuit breaker is open.');
    this.name = 'CircuitOpen';
    this.retryAfter = retryAfter;
  }
}

export type CircuitBreakerOptions = {
  /** Failures in a row that open it. */
  failures?: number;
  /** Milliseconds that it stays open. */
  coolDown?: number;
  /** Milliseconds; any origin. */
  now?: () => number;
  onChange?: (state: CircuitBreaker['state']) => void;
};

export function circuitBreaker(options: CircuitBreakerOptions = {}): CircuitBreaker {
  const { failures = 5, coolDown = 30_000, now = () => performance.now(), onChange = () => {} } = options;
  let state: CircuitBreaker['state'] = 'closed';
  let failuresInRow = 0;
  /** When the present state's waiting ends: the cool-down, or the patience with a probe that never settles. */
  let until = 0;
  /** Permits of an earlier period have no say: they tell how things were, not how they are. */
  let period = 0;

  function change(next: CircuitBreaker['state'], wait: number) {
    state = next;
    until = now() + wait;
    period += 1;
    failuresInRow = 0;
    onChange(next);
  }

  function permit(): Permit {
    let valid = period;
    const settle = (act: () => void) => () => {
      if (valid === period) act();
      valid = SETTLED;
    };
    return {
      answered() {
        if (valid !== period || state !== 'half-open') return;
        change('closed', 0);
        valid = period;
      },
      succeeded: settle(() => {
        failuresInRow = 0;
        if (state === 'half-open') change('closed', 0);
      }),
      failed: settle(() => {
        failuresInRow += 1;
        if (state === 'half-open' || failuresInRow >= failures) change('open', coolDown);
      }),
      abandoned: settle(() => {
        if (state === 'half-open') change('open', 0);
      }),
    };
  }

  return {
    get state() {
      return state;
    },
    enter() {
      if (state !== 'closed') {
        const wait = until - now();
        if (wait > 0) throw new CircuitOpen(wait);
        change('half-open', coolDown);
      }
      return permit();
    },
  };
}

/** No period has this number. */
const SETTLED = -1;
