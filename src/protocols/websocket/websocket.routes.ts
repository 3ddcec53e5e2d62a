import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { requireKnownOrigin } from '../../platform/http/origin.ts';
import { sendProblem, toApiError } from '../../platform/http/problem.ts';
import type { App } from '../../platform/http/server.ts';
import { offerWebSockets, type WebSocketAcceptor } from '../../platform/http/web-socket.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import { ChatConnection, type ConnectionDependencies, UNAUTHORIZED } from './chat-connection.ts';
import { CHAT_PROTOCOL, credentialOf, tokenOf } from './credential.ts';
import { clientFrames, LARGEST_FRAME } from './frames.ts';
import { type CheckTimes, OpenConnections } from './open-connections.ts';
import type { OutboxTimes } from './outbox.ts';

export type WebSocketTimes = CheckTimes & OutboxTimes;

export type WebSocketDependencies = ConnectionDependencies & {
  log: Logger;
  allowedOrigins: readonly string[];
  /** Calls back when somebody's access changes, in this process or another; resolves to what ends that. */
  watchAccess(onChange: (userId: string) => Promise<void>): Promise<() => Promise<void>>;
  times?: WebSocketTimes;
};

const DEFAULT_TIMES: WebSocketTimes = { alive: 30_000, credential: 10_000, stalled: 60_000 };

/** `/v1/ws/chat`: questions and streamed answers over one WebSocket; docs/product/09-dialects.md has its frames. */
export async function webSocketRoutes(app: App, deps: WebSocketDependencies): Promise<void> {
  const { log, times = DEFAULT_TIMES } = deps;
  const connections = new OpenConnections(log, times);
  const accept = offerWebSockets(app, { maxPayload: LARGEST_FRAME, subprotocol: CHAT_PROTOCOL });
  app.addHook('preClose', () => connections.closeAll());
  app.addHook('onClose', await deps.watchAccess((userId) => connections.checkUser(userId)));
  await app.register(async (plugin) => {
    const scope = plugin as unknown as App;
    scope.setErrorHandler((error, request, reply) => refuse(error, request, reply, deps, accept));
    scope.get(
      '/v1/ws/chat',
      {
        config: { access: 'member', visitors: true, token: tokenOf, operations: Object.keys(clientFrames) },
        schema: {
          tags: ['Chat by WebSocket'],
          summary: 'Chat over a WebSocket',
          description:
            'The token comes as a header, as `?token=` or as the subprotocol `bearer.<token>` beside `parley.chat.v1`.',
          querystring: Type.Object({ token: Type.Optional(Type.String({ maxLength: 4_096 })) }),
        },
      },
      async (request, reply) => {
        requireKnownOrigin(request, deps.allowedOrigins);
        const { principal } = request;
        const token = credentialOf(request);
        const socket = await accept(request, reply);
        if (!socket) return reply;
        const own = log.child({ tenant: principal.tenant.slug, user_id: principal.userId, socket_id: request.id });
        connections.add(socket, new ChatConnection(socket, { principal, token }, { deps, log: own, times }));
        return reply;
      },
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
  if (!isPage || kind !== 'unauthenticated') return sendProblem(request, reply, error);
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
