import type { Verdict } from './limiter.ts';

/** Structured fields of draft-ietf-httpapi-ratelimit-headers: `"api";q=200;w=60` and `"api";r=199;t=60`. */
export function rateLimitHeaders(verdicts: readonly Verdict[]): { 'ratelimit-policy': string; ratelimit: string } {
  return {
    'ratelimit-policy': verdicts
      .map(({ limit }) => `"${limit.name}";q=${limit.quota};w=${limit.windowSeconds}`)
      .join(', '),
    ratelimit: verdicts
      .map((verdict) => `"${verdict.limit.name}";r=${verdict.remaining};t=${secondsUntilReset(verdict)}`)
      .join(', '),
  };
}

/** Whole seconds, at least one: `Retry-After: 0` would call for another try at once. */
export function secondsUntilReset({ resetAfter }: Verdict): number {
  return Math.max(1, Math.ceil(resetAfter / 1_000));
}
