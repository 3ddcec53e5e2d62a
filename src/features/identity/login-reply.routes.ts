import type { FastifyReply, FastifyRequest } from 'fastify';
import { originOf } from '../../platform/http/request-origin.ts';
import type { LoginClient } from './token/begin-login.ts';

/** RFC 6749 §5.1: an answer with tokens must not be kept by any cache. */
export function unstored<Reply extends Pick<FastifyReply, 'header'>>(reply: Reply): Reply {
  reply.header('cache-control', 'no-store');
  return reply;
}

/** As people see it in the list of their logins. */
export function clientOf(request: FastifyRequest): LoginClient {
  return { origin: originOf(request), userAgent: request.headers['user-agent'] };
}
