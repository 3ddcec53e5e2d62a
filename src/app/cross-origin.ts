import type { FastifyReply } from 'fastify';
import type { App } from '../platform/http/server.ts';

const METHODS = 'GET, POST, PUT, PATCH, DELETE, OPTIONS';
/** All that a client needs, one by one. ChatKit's page sends the last on every request. */
const REQUEST_HEADERS =
  'Content-Type, Authorization, Accept, Origin, X-API-Key, X-Request-ID, Idempotency-Key, Last-Event-ID, traceparent, ChatKit-Frame-Instance-ID';
const EXPOSED_HEADERS =
  'X-Request-ID, X-Run-ID, Location, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed';
const PREFLIGHT_SECONDS = '3600';
const YEAR_OF_TLS = 'max-age=31536000; includeSubDomains';

/** `strictTransport`: browsers shall come with TLS only. They heed it only where they already did. */
export type SecurityRules = { strictTransport: boolean };

/** Lets pages of the listed origins call the API, and sets the headers that keep browsers careful. On every answer, errors
 * too, because a browser hides an answer without them. */
export function crossOrigin(app: App, allowedOrigins: readonly string[], { strictTransport }: SecurityRules): void {
  const allowed = new Set(allowedOrigins);
  app.addHook('onRequest', async (request, reply) => {
    secure(reply);
    if (strictTransport) reply.header('strict-transport-security', YEAR_OF_TLS);
    const { origin } = request.headers;
    reply.header('vary', 'Origin');
    if (origin === undefined || !allowed.has(origin)) return undefined;
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': EXPOSED_HEADERS,
    });
    if (request.method !== 'OPTIONS' || !request.headers['access-control-request-method']) return undefined;
    return reply
      .code(204)
      .headers({
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': REQUEST_HEADERS,
        'access-control-max-age': PREFLIGHT_SECONDS,
      })
      .send();
  });
}

function secure(reply: FastifyReply): void {
  reply.headers({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    // Answers are somebody's own; what may be kept says so itself.
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  });
}
