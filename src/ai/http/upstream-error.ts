import type { IncomingHttpHeaders } from 'node:http';
import { ModelError, type ModelErrorKind } from '../chat-model.ts';
import { refusalReason } from './refusal-reason.ts';

type UpstreamErrorKind = Exclude<ModelErrorKind, 'cannot-continue'>;

/** What the other side said, for the log only: it may name keys, prompts and addresses. */
export class UpstreamFailure extends Error {
  readonly status: number;
  readonly body: string;
  constructor(status: number, body: string) {
    super(`status ${status}: ${body}`);
    this.name = 'UpstreamFailure';
    this.status = status;
    this.body = body;
  }
}

const WORDS: Record<UpstreamErrorKind, string> = {
  'rate-limited': 'refuses more requests for now',
  unauthorized: 'refused the credentials that are configured for it',
  'bad-request': 'refused the request',
  unavailable: 'is not available',
  timeout: 'did not answer in time',
  protocol: 'answered with something that is not an answer of a model; check the address that is configured for it',
};

export function modelError(
  provider: string,
  kind: UpstreamErrorKind,
  cause: unknown,
  retryAfter: number | null = null,
): ModelError {
  // Some say so in the stream that they have opened already.
  const said = kind === 'bad-request' && cause instanceof UpstreamFailure ? cause.body : null;
  const refusal = said === null ? null : refusalReason(said);
  return new ModelError(kind, `${provider} ${WORDS[kind]}.`, { cause, retryAfter, refusal });
}

/** The error for an HTTP status that is not a success. */
export function statusError(
  provider: string,
  status: number,
  headers: IncomingHttpHeaders,
  body: string,
  now: number = Date.now(),
): ModelError {
  return modelError(provider, kindOfStatus(status), new UpstreamFailure(status, body), retryAfter(headers, now));
}

export function kindOfStatus(status: number): UpstreamErrorKind {
  if (status === 429) return 'rate-limited';
  // 402 is OpenRouter's "out of credit": like a bad key, only the operator can mend it.
  if (status === 401 || status === 402 || status === 403) return 'unauthorized';
  if (status === 408 || status === 504) return 'timeout';
  if (status >= 500) return 'unavailable';
  if (status >= 400) return 'bad-request';
  return 'protocol';
}

/** Longest wait that we take from a provider, in seconds. */
const LONGEST_WAIT = 3600;

/** Seconds from `retry-after-ms` (OpenAI's own) or `Retry-After` (RFC 9110: seconds or a date). */
function retryAfter(headers: IncomingHttpHeaders, now: number): number | null {
  const milliseconds = Number(headers['retry-after-ms'] ?? Number.NaN);
  const value = headers['retry-after'] ?? '';
  const seconds = Number.isFinite(milliseconds)
    ? milliseconds / 1000
    : /^\d+(\.\d+)?$/.test(value.trim())
      ? Number(value)
      : (Date.parse(value) - now) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), LONGEST_WAIT) : null;
}

/** The error for a connection that was not made or broke: no name, no route, refused, reset, TLS. */
export function connectionError(provider: string, cause: unknown): ModelError {
  return cause instanceof ModelError ? cause : modelError(provider, 'unavailable', cause);
}
