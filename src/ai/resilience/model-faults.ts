import { CircuitOpen } from '../../platform/resilience/circuit-breaker.ts';
import type { RetryOptions } from '../../platform/resilience/retrying.ts';
import { ModelError, type ModelErrorKind } from '../chat-model.ts';

const FAULTS: ReadonlySet<ModelErrorKind> = new Set(['unavailable', 'timeout', 'protocol']);

/** Does it say that the provider is broken, rather than that it refused this request or this customer? */
export function isProviderFault(error: unknown): boolean {
  return error instanceof ModelError && FAULTS.has(error.kind);
}

export type RetryPolicy = Pick<RetryOptions, 'attempts' | 'baseDelay' | 'maxDelay' | 'giveUpAfter'> &
  Partial<Pick<RetryOptions, 'onRetry' | 'random' | 'wait'>>;

/** Two repetitions, within the patience of someone who waits for a first word. */
export const DEFAULT_RETRIES: RetryPolicy = { attempts: 3, baseDelay: 500, maxDelay: 8_000, giveUpAfter: 60_000 };

/** What may be repeated: the provider's faults and its "too many requests", but not our own breaker's refusal. */
export function modelRetries(policy: RetryPolicy): RetryOptions {
  return {
    ...policy,
    isRetryable: (error) =>
      error instanceof ModelError &&
      !(error.cause instanceof CircuitOpen) &&
      (error.kind === 'rate-limited' || isProviderFault(error)),
    askedDelay: (error) => (error instanceof ModelError && error.retryAfter !== null ? error.retryAfter * 1000 : null),
  };
}

/** What a caller gets while the breaker of `provider` is open. */
export function pausedError(provider: string, cause: CircuitOpen): ModelError {
  const retryAfter = Math.ceil(cause.retryAfter / 1000);
  return new ModelError('unavailable', `${provider} failed repeatedly and is given a pause.`, { cause, retryAfter });
}
