import type { Outside } from '../platform/resilience/outside.ts';
import type { Logger } from '../platform/telemetry/log.ts';

/** What a registry of models tells of what does not surface as an error, and the circuits of the installation's providers. */
export function modelEvents(log: Logger, outside: Outside) {
  return {
    ...callEvents(log),
    breaker: (provider: string) => outside.breaker(`model:${provider}`, 'model'),
  };
}

/** The same for a registry with circuits of its own. */
export function callEvents(log: Logger) {
  return {
    onRetry: (error: unknown, attempt: number, delay: number) =>
      log.warn({ err: error, attempt, delay_ms: delay }, 'a model call is tried again'),
    onFallback: (error: unknown, from: string, to: string) =>
      log.warn({ err: error, from, to }, 'a model fell back to another'),
  };
}
