import type { FastifyRequest } from 'fastify';
import type { Database } from '../platform/database/database.ts';
import { serverErrors } from '../platform/http/errors.ts';
import { watchEventLoop } from '../platform/http/event-loop.ts';
import type { App } from '../platform/http/server.ts';

export type LoadLimits = {
  /** Lateness of the event loop, ms. */
  overloadDelay: number;
  /** Callers that wait for a database connection. */
  overloadQueries: number;
};

/** Clients that were refused together should not come back together, seconds. */
const RETRY_SECONDS = [1, 2, 3, 4] as const;

/**
 * Refuses new requests while the event loop or the database lags behind, so that those that were accepted are answered in
 * their time: without it, all would time out together. Probes are answered always; streams go on.
 */
export function shedLoad(app: App, database: Pick<Database, 'waiting'>, limits: LoadLimits): void {
  const loop = watchEventLoop();
  app.addHook('onClose', async () => loop.stop());
  app.addHook('onRequest', async (request) => {
    if (isProbe(request)) return;
    if (loop.lateness() <= limits.overloadDelay && database.waiting() <= limits.overloadQueries) return;
    const seconds = RETRY_SECONDS[Math.floor(Math.random() * RETRY_SECONDS.length)];
    throw serverErrors.overloaded(undefined, { headers: { 'retry-after': String(seconds) } });
  });
}

const PROBES = new Set(['/health', '/health/live', '/health/ready', '/ready', '/metrics']);

/** Asked by orchestrators, by the address of a machine and without TLS. */
export function isProbe({ routeOptions }: FastifyRequest): boolean {
  return PROBES.has(routeOptions.url ?? '');
}
