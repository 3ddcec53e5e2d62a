import type { FastifyReply, FastifyRequest } from 'fastify';
import { requestErrors } from '../platform/http/errors.ts';
import type { App } from '../platform/http/server.ts';
import { isProbe } from './load-shedding.ts';

export type HostRules = {
  /** Names without a port; `*.example.com` is every name below it. Empty: all. */
  trustedHosts: readonly string[];
  /** Whether a request without TLS is sent to the same address with it. */
  httpsRedirect: boolean;
};

/** A page of a foreign name that leads here (DNS rebinding) gets nothing. */
export function trustHosts(app: App, { trustedHosts, httpsRedirect }: HostRules): void {
  const isTrusted = hostTest(trustedHosts);
  app.addHook('onRequest', async (request, reply) => {
    if (isProbe(request)) return undefined;
    if (!isTrusted(request.hostname)) throw requestErrors.unknownHost();
    if (httpsRedirect && request.protocol !== 'https') return redirect(request, reply);
    return undefined;
  });
}

/** 308 keeps the method and the body, other than 301. The port is that of the connection without TLS: it is left out. */
function redirect({ hostname, originalUrl }: FastifyRequest, reply: FastifyReply): FastifyReply {
  // A request line may also hold a whole address (RFC 9112 §3.2.2), which must not be read as a part of the name.
  const path = originalUrl.startsWith('/') ? originalUrl : '/';
  return reply.redirect(`https://${hostname}${path}`, 308);
}

function hostTest(trusted: readonly string[]): (hostname: string) => boolean {
  if (trusted.length === 0) return () => true;
  const names = new Set(trusted.filter((name) => !name.startsWith('*.')).map((name) => name.toLowerCase()));
  const domains = trusted.filter((name) => name.startsWith('*.')).map((name) => name.slice(1).toLowerCase());
  return (hostname) => {
    const name = hostname.toLowerCase();
    return names.has(name) || domains.some((domain) => name.length > domain.length && name.endsWith(domain));
  };
}
