import type { Outside } from '../platform/resilience/outside.ts';
import type { Logger } from '../platform/telemetry/log.ts';

/** What models tell of calls that did not go at once, for the log, and their circuits. */
export function modelEvents(log: Logger, outside: Outside) {
  return {
    onRetry: (error: unknown, attempt: number, delay: number) =>
      log.warn({ err: error, attempt, delay_ms: delay }, 'a model call is tried again'),
    onFallback: (error: unknown, from: string, to: string) =>
      log.warn({ err: error, from, to }, 'a model fell back to another'),
    breaker: (provider: string) => outside.breaker(`model:${provider}`, 'model'),
  };
}
