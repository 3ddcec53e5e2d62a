import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { newId } from '../id.ts';
import { type ApiError, requestErrors } from './errors.ts';
import { problemOf, statusOf } from './problem.ts';

/** Answers what is no HTTP request, comes too slowly or has too large headers: Node hands over the bare connection. */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (socket.writable && !isAnswering(socket)) socket.write(httpAnswer(toApiError(error.code)));
  socket.destroy(error);
}

/** Whether an answer is under way, into which another must not be written. Node's own handler looks at the same. */
function isAnswering(socket: Socket): boolean {
  const { _httpMessage: message } = socket as Socket & { _httpMessage?: { headersSent: boolean } | null };
  return message?.headersSent ?? false;
}

function toApiError(code: string | undefined): ApiError {
  if (code === 'HPE_HEADER_OVERFLOW') return requestErrors.headersTooLarge();
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return requestErrors.tooSlow();
  return requestErrors.malformed('This is not a valid HTTP request.');
}

function httpAnswer(error: ApiError): string {
  const status = statusOf(error);
  const id = newId();
  const body = JSON.stringify(problemOf(error, id));
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${id}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
