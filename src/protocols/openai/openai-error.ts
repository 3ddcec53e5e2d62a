import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RunFault } from '../../features/chat/index.ts';
import { budgetErrors } from '../../features/usage/index.ts';
import type { ApiError } from '../../platform/http/errors.ts';
import { statusOf, toApiError } from '../../platform/http/problem.ts';
import { openaiErrors } from './openai.errors.ts';

/** An error as OpenAI's clients read it. `code` is OpenAI's word where clients know one, otherwise our stable code. */
export type OpenAIError = {
  error: { message: string; type: string; param: string | null; code: string; request_id: string };
};

/** Our codes for which OpenAI has a word that programs branch on; some of them with another status. */
const KNOWN: Readonly<Record<string, { code: string; status?: number }>> = {
  ERR_CHAT_006: { code: 'model_not_found', status: 404 },
  ERR_BUDGET_001: { code: 'insufficient_quota', status: 429 },
  ERR_OPENAI_001: { code: 'unsupported_parameter' },
  ERR_OPENAI_010: { code: 'model_not_found' },
  ERR_OPENAI_014: { code: 'context_length_exceeded' },
};
const BY_STATUS: Readonly<Record<number, string>> = { 401: 'invalid_api_key', 429: 'rate_limit_exceeded' };

export function openaiError(error: ApiError, requestId: string): { status: number; body: OpenAIError } {
  const { code: own, kind } = error.definition;
  const status = KNOWN[own]?.status ?? (kind === 'invalid' ? 400 : statusOf(error));
  const field = error.options.fields?.[0]?.field;
  const code = KNOWN[own]?.code ?? BY_STATUS[status] ?? own;
  const param = field === undefined ? null : paramOf(field);
  return {
    status,
    body: {
      error: {
        message: error.message,
        type: code === 'insufficient_quota' ? code : typeOf(status),
        param,
        code,
        request_id: requestId,
      },
    },
  };
}

/** `messages.0.content` in our words is `messages[0].content` in theirs. */
function paramOf(field: string): string {
  return field.replace(/\.(\d+)(?=\.|$)/g, '[$1]');
}

function typeOf(status: number): string {
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

/** Answers with anything that a route of this dialect threw. */
export function sendOpenaiError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const apiError = toApiError(error);
  const { status, body } = openaiError(apiError, request.id);
  if (status >= 500) request.log.error({ err: apiError.options.cause ?? apiError }, apiError.message);
  else request.log.info({ code: apiError.definition.code, detail: apiError.message }, 'refused');
  return reply
    .code(status)
    .headers(apiError.options.headers ?? {})
    .send(body);
}

/** Whether the provider refused the request for something that its asker can change. */
export function isRefusal(fault: RunFault | undefined): boolean {
  return fault?.code === 'ERR_RUN_009' || fault?.code === 'ERR_RUN_010';
}

/** Why a run has no answer, as an error of the request that waits for it. */
export function runError(status: 'failed' | 'cancelled', fault: RunFault | undefined): ApiError {
  // The client would otherwise ask again by itself, and somebody has just stopped this.
  if (status === 'cancelled') return openaiErrors.runStopped(undefined, { headers: { 'x-should-retry': 'false' } });
  switch (fault?.code) {
    case 'ERR_RUN_001':
      return openaiErrors.runFailed(fault.detail);
    case 'ERR_RUN_009':
      return openaiErrors.modelNotFound(fault.detail, { fields: [{ field: 'model', message: 'is not known' }] });
    case 'ERR_RUN_010':
      return openaiErrors.contextTooLong(fault.detail, { fields: [{ field: 'messages', message: 'are too long' }] });
    // A bad key, or a request that the provider refuses: asked again it refuses again.
    case 'ERR_RUN_003':
      return openaiErrors.runFailed(fault.detail, { headers: { 'x-should-retry': 'false' } });
    case 'ERR_BUDGET_001':
      return budgetErrors.exhausted(fault.detail, { headers: { 'x-should-retry': 'false' } });
    case 'ERR_BUDGET_002':
      return budgetErrors.unpriced(fault.detail);
    case 'ERR_RUN_002':
      return openaiErrors.runLimited(fault.detail);
    // The client would ask again by itself; whether that is worth another answer's price is its user's to say.
    case 'ERR_RUN_008':
      return openaiErrors.runFailed(fault.detail, { headers: { 'x-should-retry': 'false' } });
    case 'ERR_RUN_004':
      return openaiErrors.runTimedOut(fault.detail);
    default:
      return openaiErrors.runBroken(fault?.detail);
  }
}
