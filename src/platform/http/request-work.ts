import type { FastifyRequest } from 'fastify';
import { inWork, type Span, type Tracing, traceIdOf, type Work } from '../telemetry/tracing.ts';
import type { App } from './app.ts';
import { childTrace } from './trace-context.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** W3C trace context of this request: ours, below the caller's. */
    traceparent: string;
    /** What its log lines and spans belong to. */
    work: Work & { ids: { request_id: string; trace_id: string; route?: string; tenant?: string } };
  }
}

/** Gives each request its ids and, where it is wanted, its span; everything that it begins belongs to them. */
export function followRequests(app: App, tracing: Tracing | null): void {
  app.decorateRequest('traceparent', '');
  app.decorateRequest('work', null as never);
  app.addHook('onRequest', (request, reply, done) => {
    const span = tracing ? spanOf(request, tracing) : null;
    request.traceparent = span?.traceparent ?? childTrace(request.headers.traceparent);
    const { method, id, routeOptions } = request;
    const route = routeOptions.url && { route: `${method} ${routeOptions.url}` };
    request.work = { ids: { request_id: id, trace_id: traceIdOf(request.traceparent), ...route }, span };
    reply.header('x-request-id', request.id);
    reply.header('traceparent', request.traceparent);
    inWork(request.work, done);
  });
  // The body came in the connection's own chain of calls.
  app.addHook('preValidation', (request, _reply, done) => inWork(request.work, done));
  if (!tracing) return;
  app.addHook('onResponse', async (request, reply) => end(request, reply.statusCode));
  app.addHook('onRequestAbort', async (request) => end(request, null));
}

/** The caller's address and the request's own are left out: one is personal, the other may hold a token. */
function spanOf(request: FastifyRequest, tracing: Tracing): Span {
  const route = request.routeOptions.url;
  const given = request.headers.traceparent;
  return tracing.begin(route ? `${request.method} ${route}` : request.method, 'server', {
    parent: typeof given === 'string' ? given : undefined,
    attributes: {
      'http.request.method': request.method,
      'http.route': route,
      'url.scheme': request.protocol,
      'parley.request.id': request.id,
    },
  });
}

function end({ work }: FastifyRequest, status: number | null): void {
  // No hook has seen an address that cannot be read.
  if (!work?.span) return;
  const { span, ids } = work;
  span.set({ 'parley.tenant': ids.tenant, ...(status !== null && { 'http.response.status_code': status }) });
  span.end(status !== null && status >= 500 ? { status } : undefined);
}
