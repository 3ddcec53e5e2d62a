import type { FastifyRequest } from 'fastify';
import { requestErrors } from './errors.ts';

/**
 * Refuses what a page of a foreign origin sends: for protocols that browsers let any page speak, whatever CORS says.
 * No `Origin` means a program, not a page. A page of this server's own is allowed beside those that are listed.
 * @throws ApiError ERR_REQUEST_010
 */
export function requireKnownOrigin(request: FastifyRequest, allowed: readonly string[]): void {
  const { origin } = request.headers;
  if (origin === undefined || allowed.includes(origin)) return;
  // `null` is what a page sends that has none: a file, or a frame without rights.
  if (URL.canParse(origin) && new URL(origin).host === request.host) return;
  throw requestErrors.foreignOrigin();
}
