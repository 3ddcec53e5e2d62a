import { setTimeout as sleep } from 'node:timers/promises';

export type RetryOptions = {
  /** Calls in all, the first included. */
  attempts: number;
  /** Milliseconds: the nth wait is random between 0 and `baseDelay`·2ⁿ⁻¹, at most `maxDelay`
   * ("full jitter", AWS Architecture Blog 2015: callers that failed together must not come back together). */
  baseDelay: number;
  maxDelay: number;
  /** Milliseconds since the first call, after which no further one begins. */
  giveUpAfter: number;
  isRetryable: (error: unknown) => boolean;
  /** Milliseconds that the other side asked for, or null. More than `maxDelay` means: not worth waiting. */
  askedDelay?: (error: unknown) => number | null;
  onRetry?: (error: unknown, attempt: number, delay: number) => void;
  /** From 0 to 1. */
  random?: () => number;
  wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
};

/** Calls `work` until it succeeds, fails for good or the attempts are used up; then throws its last error.
 * Only for work that may be repeated. An abort ends a wait at once with the signal's reason. */
export async function retrying<T>(
  work: (attempt: number) => Promise<T>,
  options: RetryOptions,
  signal: AbortSignal,
): Promise<T> {
  const began = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(attempt);
    } catch (error) {
      const delay = signal.aborted || attempt >= options.attempts ? null : delayBefore(error, attempt, options);
      if (delay === null || performance.now() - began + delay > options.giveUpAfter) throw error;
      options.onRetry?.(error, attempt, delay);
      await (options.wait ?? waitFor)(delay, signal);
    }
  }
}

function delayBefore(error: unknown, attempt: number, options: RetryOptions): number | null {
  if (!options.isRetryable(error)) return null;
  const asked = options.askedDelay?.(error) ?? 0;
  if (asked > options.maxDelay) return null;
  const ceiling = Math.min(options.maxDelay, options.baseDelay * 2 ** (attempt - 1));
  return asked + (options.random ?? Math.random)() * ceiling;
}

async function waitFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch {
    throw signal.reason;
  }
}
