import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { LogController } from 'fastify';
import { newId } from '../id.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { App } from './app.ts';
import { ApiError, requestErrors } from './errors.ts';
import { parseJsonBody } from './json-body.ts';
import { offerOnce } from './once.ts';
import { type OtherMethods, rememberMethods } from './other-methods.ts';
import { bodyTooLarge, sendProblem } from './problem.ts';
import { boundRequests } from './request-lifetime.ts';
import { followRequests } from './request-work.ts';
import { compileSerializer } from './serialization.ts';
import { answerUnreadable } from './unreadable-request.ts';
import { compileValidator } from './validation.ts';
import { wantsWebSocket } from './web-socket.ts';

export type { App } from './app.ts';

export type HttpOptions = {
  log: Logger;
  /** Largest JSON body, bytes. */
  bodyLimit: number;
  /** Longest time for an answer that is not a stream, ms. */
  requestTimeout: number;
  /** Longest time for a request to arrive with its body, ms; 60,000 unless set. */
  bodyTimeout?: number;
  /** Addresses of proxies whose forwarding headers are believed. Empty: none. */
  trustedProxies: readonly string[];
  /** Leads older addresses to today's. */
  rewriteUrl(request: { url?: string | undefined }): string;
  /** Where requests are traced to; nowhere where it is left out. */
  tracing?: Tracing | null;
};

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const HEADERS_TIMEOUT_MS = 5_000;
const BODY_TIMEOUT_MS = 60_000;
const CONNECTIONS_CHECK_MS = 1_000;

/** A Fastify server with our request ids, validation, errors and time-outs, and no routes. */
export function createHttpServer(options: HttpOptions): App {
  const bodyTimeout = options.bodyTimeout ?? BODY_TIMEOUT_MS;
  // Node refuses a longer one than that of the whole request.
  const headersTimeout = Math.min(HEADERS_TIMEOUT_MS, bodyTimeout);
  const app = Fastify({
    loggerInstance: options.log,
    bodyLimit: options.bodyLimit,
    requestTimeout: bodyTimeout,
    http: {
      headersTimeout,
      connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
      shouldUpgradeCallback: wantsWebSocket,
    },
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : newId();
    },
    rewriteUrl: options.rewriteUrl,
    logController: new LogController({ requestIdLogLabel: 'request_id', disableRequestLogging: true }),
    routerOptions: { maxParamLength: 200 },
    // Ours below: streams must end with their last event, not with a cut connection.
    forceCloseConnections: false,
    return503OnClosing: true,
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, request, reply) => {
      sendProblem(request, reply, error);
    },
  }).withTypeProvider<TypeBoxTypeProvider>() as unknown as App;
  app.setValidatorCompiler(compileValidator);
  app.setSerializerCompiler(compileSerializer);
  app.setErrorHandler((error, request, reply) => {
    const isBodyLimit = (error as { code?: unknown } | null)?.code === 'FST_ERR_CTP_BODY_TOO_LARGE';
    const limit = request.routeOptions.bodyLimit ?? options.bodyLimit;
    return sendProblem(request, reply, isBodyLimit ? bodyTooLarge(limit) : error);
  });
  const otherMethods = rememberMethods(app);
  app.setNotFoundHandler((request, reply) => sendProblem(request, reply, noRoute(request, otherMethods)));
  parseJsonBody(app);
  followRequests(app, options.tracing ?? null);
  logRequests(app);
  offerOnce(app);
  boundRequests(app, options.requestTimeout);
  return app;
}

function noRoute({ method, url }: { method: string; url: string }, otherMethods: OtherMethods): ApiError {
  const path = url.split('?')[0] ?? '/';
  const shown = path.slice(0, 200);
  const allow = otherMethods.at(path).join(', ');
  if (allow === '') return requestErrors.notFound(`There is nothing at ${method} ${shown}. The reference is at /docs.`);
  const detail = `${shown} takes ${allow}, not ${method}. The reference is at /docs.`;
  return requestErrors.wrongMethod(detail, { headers: { allow } });
}

function logRequests(app: App): void {
  app.addHook('onRequest', async (request) => {
    if (request.url.includes('%00')) throw requestErrors.malformed('The address holds a NUL character; remove it.');
  });
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url ?? 'unknown',
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 10) / 10,
        trace_id: request.traceparent.slice(3, 35),
      },
      'answered',
    );
  });
}

export { ApiError };
