import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from './app.ts';
import { requestErrors } from './errors.ts';
import { sendProblem } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Longest time for this route's answer, ms, where the server's is too short: uploads. */
    timeout?: number;
  }
}

/**
 * Gives each request a `signal` that is aborted when its client goes away or its time is over. Fastify's own signal and
 * `handlerTimeout` end with the request's body (its `close` event), long before the answer, so they are replaced.
 */
export function boundRequests(app: App, timeout: number): void {
  app.addHook('onRequest', async (request, reply) => {
    const controller = new AbortController();
    const limit = request.routeOptions.config.timeout ?? timeout;
    const timer = setTimeout(() => expire(request, reply, controller), limit);
    reply.raw.once('close', () => {
      clearTimeout(timer);
      if (!reply.raw.writableFinished) controller.abort(new Error('The client went away.'));
    });
    Object.defineProperty(request, 'signal', { value: controller.signal });
  });
}

function expire(request: FastifyRequest, reply: FastifyReply, controller: AbortController): void {
  // A stream has no end that could be late; its reply counts as sent from its beginning.
  if (reply.sent) return;
  const error = requestErrors.timeout();
  controller.abort(error);
  if (!reply.sent) void sendProblem(request, reply, error);
}
