import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiError } from '../../../platform/http/errors.ts';
import { statusOf, toApiError } from '../../../platform/http/problem.ts';

export type RestError = { success: false; error: { code: string; message: string; request_id: string } };

/** The words that clients of the six routes know; our own codes stay in the log. */
const BY_CODE: Readonly<Record<string, string>> = {
  ERR_CHAT_001: 'SESSION_NOT_FOUND',
  ERR_CHAT_002: 'FORBIDDEN',
  ERR_CHAT_005: 'RUN_ACTIVE',
  ERR_CHAT_020: 'SESSION_LIMIT',
  ERR_CHATKIT_001: 'THREAD_NOT_FOUND',
  ERR_CHATKIT_011: 'SESSION_NOT_FOUND',
  ERR_CHATKIT_007: 'MESSAGE_TOO_LONG',
  ERR_LIMIT_001: 'RATE_LIMIT_EXCEEDED',
};
const BY_STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_INPUT',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  413: 'INVALID_INPUT',
  415: 'INVALID_INPUT',
  429: 'RATE_LIMIT_EXCEEDED',
  502: 'UPSTREAM_ERROR',
  503: 'SERVICE_UNAVAILABLE',
  504: 'UPSTREAM_ERROR',
};

export function restError(error: ApiError, requestId: string): { status: number; body: RestError } {
  const status = error.definition.kind === 'invalid' ? 400 : statusOf(error);
  const code = BY_CODE[error.definition.code] ?? BY_STATUS[status] ?? 'INTERNAL_ERROR';
  return { status, body: { success: false, error: { code, message: error.message, request_id: requestId } } };
}

export function sendRestError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const apiError = toApiError(error);
  const { status, body } = restError(apiError, request.id);
  if (status >= 500) request.log.error({ err: apiError.options.cause ?? apiError }, apiError.message);
  else request.log.info({ code: apiError.definition.code, detail: apiError.message }, 'refused');
  return reply
    .code(status)
    .headers(apiError.options.headers ?? {})
    .send(body);
}
