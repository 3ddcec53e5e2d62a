import type { RunFault } from '../../features/chat/index.ts';
import type { ErrorKind } from '../../platform/http/errors.ts';
import { toApiError } from '../../platform/http/problem.ts';
import type { ErrorCode, ErrorFrame } from './frames.ts';

const WORD_OF_KIND: Partial<Record<ErrorKind, ErrorCode>> = {
  malformed: 'invalid_message',
  invalid: 'invalid_message',
  'too-large': 'invalid_message',
  'rate-limited': 'rate_limit_exceeded',
  'not-found': 'not_found',
  forbidden: 'not_found',
  conflict: 'run_active',
  unavailable: 'unavailable',
  timeout: 'unavailable',
};

/** Anything that was thrown on the way to an answer, as its frame. Nothing of a provider's or a database's text is in it. */
export function errorFrame(error: unknown): ErrorFrame {
  const { definition, message, options } = toApiError(error);
  const retryAfter = options.headers?.['retry-after'];
  const runId = options.extensions?.run_id;
  return {
    type: 'error',
    message,
    error_code: WORD_OF_KIND[definition.kind] ?? 'internal_error',
    code: definition.code,
    ...(retryAfter !== undefined && { retry_after_seconds: Number(retryAfter) }),
    ...(options.fields && { details: options.fields }),
    ...(typeof runId === 'string' && { run_id: runId }),
  };
}

/** Why a run failed, as the last frame of its answer. */
export function faultFrame(fault: RunFault | undefined, position: { run_id: string; seq: number }): ErrorFrame {
  const code = fault?.code ?? 'ERR_RUN_006';
  return { type: 'error', message: fault?.detail ?? 'The answer failed.', error_code: wordOf(code), code, ...position };
}

function wordOf(code: string): ErrorCode {
  if (code === 'ERR_RUN_002') return 'openai_quota_exceeded';
  return /^ERR_RUN_0(?:0[1349]|10)$/.test(code) ? 'openai_api_error' : 'internal_error';
}
