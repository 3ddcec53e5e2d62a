import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Principal } from '../../features/identity/index.ts';
import { assertOwnTenant } from '../../features/memory/index.ts';
import { requireKnownOrigin } from '../../platform/http/origin.ts';
import { sendProblem, toApiError } from '../../platform/http/problem.ts';
import type { App } from '../../platform/http/server.ts';
import { offerWebSockets, type WebSocket, type WebSocketAcceptor } from '../../platform/http/web-socket.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import { ChatConnection, type ConnectionDependencies } from './chat-connection.ts';
import { CHAT_PROTOCOL, credentialOf, MEMORY_PROTOCOL, tokenOf } from './credential.ts';
import { clientFrames, LARGEST_FRAME } from './frames.ts';
import { UNAUTHORIZED } from './guarded-socket.ts';
import { MemoryConnection, type MemoryConnectionDependencies } from './memory-connection.ts';
import { memoryFrames } from './memory-frames.ts';
import { type CheckTimes, type Connection, OpenConnections } from './open-connections.ts';
import type { OutboxTimes } from './outbox.ts';

export type WebSocketTimes = CheckTimes & OutboxTimes;

export type WebSocketDependencies = ConnectionDependencies &
  MemoryConnectionDependencies & {
    log: Logger;
    allowedOrigins: readonly string[];
    /** Calls back when somebody's access changes, in this process or another; resolves to what ends that. */
    watchAccess(onChange: (userId: string) => Promise<void>): Promise<() => Promise<void>>;
    /** Calls back when something was done to a tenant, in this process or another: it may be suspended. */
    watchTenants(onChange: (tenantId: string) => void): void;
    times?: WebSocketTimes;
  };

type Connect = (
  socket: WebSocket,
  credential: { principal: Principal; token: string },
  context: { log: Logger; times: WebSocketTimes },
  request: FastifyRequest,
) => Connection;

const Token = Type.Optional(Type.String({ maxLength: 4_096 }));
const memoryQuery = Type.Object({
  token: Token,
  tenant_id: Type.Optional(
    Type.String({ maxLength: 64, description: 'As older addresses name it: must be that of the token.' }),
  ),
  conversation_id: Type.Optional(
    Type.String({ minLength: 1, maxLength: 128, description: 'For frames that name no conversation.' }),
  ),
});

const DEFAULT_TIMES: WebSocketTimes = { alive: 30_000, credential: 10_000, stalled: 60_000 };

/** `/v1/ws/chat`: questions and streamed answers over one WebSocket; docs/product/09-dialects.md has its frames.
 * `/v1/ws/memory`: new memories as they come, and search as somebody types; docs/product/15-live-updates.md has its frames. */
export async function webSocketRoutes(app: App, deps: WebSocketDependencies): Promise<void> {
  const { log, times = DEFAULT_TIMES } = deps;
  const connections = new OpenConnections(log, times);
  const accept = offerWebSockets(app, { maxPayload: LARGEST_FRAME, subprotocols: [CHAT_PROTOCOL, MEMORY_PROTOCOL] });
  app.addHook('preClose', () => connections.closeAll());
  deps.watchTenants((tenantId) => void connections.checkTenant(tenantId));
  app.addHook('onClose', await deps.watchAccess((userId) => connections.checkUser(userId)));
  await app.register(async (plugin) => {
    const scope = plugin as unknown as App;
    scope.setErrorHandler((error, request, reply) => refuse(error, request, reply, deps, accept));
    const open = (connect: Connect) => async (request: FastifyRequest, reply: FastifyReply) => {
      requireKnownOrigin(request, deps.allowedOrigins);
      const { principal } = request;
      const token = credentialOf(request);
      const socket = await accept(request, reply);
      if (!socket) return reply;
      const own = log.child({ tenant: principal.tenant.slug, user_id: principal.userId, socket_id: request.id });
      connections.add(socket, connect(socket, { principal, token }, { log: own, times }, request));
      return reply;
    };
    const querystring = Type.Object({ token: Token });
    scope.get(
      '/v1/ws/chat',
      {
        config: { access: 'member', visitors: true, token: tokenOf, operations: Object.keys(clientFrames) },
        schema: {
          tags: ['Chat by WebSocket'],
          summary: 'Chat over a WebSocket',
          description:
            'The token comes as a header, as `?token=` or as the subprotocol `bearer.<token>` beside `parley.chat.v1`.',
          querystring,
        },
      },
      open((socket, credential, context) => new ChatConnection(socket, credential, { deps, ...context })),
    );
    scope.get(
      '/v1/ws/memory',
      {
        config: { access: 'viewer', token: tokenOf, operations: Object.keys(memoryFrames) },
        schema: {
          tags: ['memory'],
          summary: 'New memories as they come, and search as somebody types, over a WebSocket',
          description:
            'The token comes as a header, as `?token=` or as the subprotocol `bearer.<token>` beside `parley.memory.v1`.',
          querystring: memoryQuery,
        },
        preValidation: async ({ principal, query }) =>
          assertOwnTenant(principal, (query as Static<typeof memoryQuery>).tenant_id),
      },
      open((socket, credential, context, { query }) => {
        const { conversation_id: conversationId } = query as Static<typeof memoryQuery>;
        return new MemoryConnection(socket, credential, { deps, context, conversationId });
      }),
    );
  });
}

/** A page cannot see why a WebSocket was refused, so it is told by a connection that ends at once; programs get the answer. */
async function refuse(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { allowedOrigins }: WebSocketDependencies,
  accept: WebSocketAcceptor,
): Promise<FastifyReply> {
  const { kind } = toApiError(error).definition;
  const isPage = request.headers.origin !== undefined && request.headers.upgrade !== undefined;
  if (!isPage || (kind !== 'unauthenticated' && kind !== 'not-found')) return sendProblem(request, reply, error);
  try {
    requireKnownOrigin(request, allowedOrigins);
  } catch (foreign) {
    return sendProblem(request, reply, foreign);
  }
  const socket = await accept(request, reply);
  socket?.on('error', () => socket.terminate());
  socket?.close(UNAUTHORIZED.code, UNAUTHORIZED.reason);
  return reply;
}
