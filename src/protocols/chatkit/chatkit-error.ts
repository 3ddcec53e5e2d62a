import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ApiError, STATUS_OF_KIND } from '../../platform/http/errors.ts';
import { statusOf, toApiError } from '../../platform/http/problem.ts';

/** As ChatKit's page reads it: it shows `message`. */
export type ChatkitError = { message: string; code: string; request_id: string };

/** ChatKit tells nobody that another one's thread is there. */
const HIDDEN: ReadonlySet<string> = new Set(['ERR_CHAT_002', 'ERR_CHAT_004']);
const NOT_FOUND: Readonly<Record<string, string>> = {
  ERR_CHAT_001: 'There is no thread with this id.',
  ERR_CHAT_002: 'There is no thread with this id.',
  ERR_CHAT_004: 'There is no thread with this id.',
};

export function chatkitError(error: ApiError, requestId: string): { status: number; body: ChatkitError } {
  const { code, kind } = error.definition;
  const status = HIDDEN.has(code) ? STATUS_OF_KIND['not-found'] : kind === 'invalid' ? 400 : statusOf(error);
  return { status, body: { message: messageOf(error), code, request_id: requestId } };
}

/** What a person may read of an error. */
export function messageOf(error: ApiError): string {
  return NOT_FOUND[error.definition.code] ?? error.message;
}

export function sendChatkitError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const apiError = toApiError(error);
  logRefusal(request, apiError);
  const { status, body } = chatkitError(apiError, request.id);
  return reply
    .code(status)
    .headers(apiError.options.headers ?? {})
    .send(body);
}

export function logRefusal(request: FastifyRequest, error: ApiError): void {
  if (statusOf(error) >= 500) request.log.error({ err: error.options.cause ?? error }, error.message);
  else request.log.info({ code: error.definition.code, detail: error.message }, 'refused');
}
