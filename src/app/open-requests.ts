import type { FastifyRequest } from 'fastify';
import { authenticate, type Identity, requireRole, watchAccess } from '../features/identity/index.ts';
import type { App } from '../platform/http/server.ts';
import { whenClosed } from '../platform/http/when-closed.ts';

/**
 * Ends what somebody still has open, streams above all, in the moment in which their access ends: by logging out, by losing
 * a role, by being removed or deactivated, in this process or in another.
 */
export async function endWithAccess(app: App, identity: Identity): Promise<void> {
  const open = new Map<string, Set<FastifyRequest>>();
  const forget = (userId: string, request: FastifyRequest): void => {
    const requests = open.get(userId);
    requests?.delete(request);
    if (requests?.size === 0) open.delete(userId);
  };
  app.addHook('onRequest', async (request, reply) => {
    // A WebSocket looks after its own credential, and tells its client why it ends.
    if (!request.principal || request.headers.upgrade !== undefined) return;
    const { userId } = request.principal;
    const requests = open.get(userId) ?? new Set();
    open.set(userId, requests.add(request));
    whenClosed(reply.raw, () => forget(userId, request));
  });
  const unlisten = await watchAccess(identity, async (userId) => {
    for (const request of open.get(userId) ?? []) {
      if (!(await mayGoOn(identity, request))) request.raw.socket.destroy();
    }
  });
  app.addHook('onClose', unlisten);
}

async function mayGoOn(identity: Identity, request: FastifyRequest): Promise<boolean> {
  const { access } = request.routeOptions.config;
  if (access === undefined || access === 'public') return true;
  try {
    requireRole(await authenticate(identity, request.headers), access);
    return true;
  } catch {
    return false;
  }
}
