import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import type { App } from './app.ts';
import { requestErrors } from './errors.ts';

export type { WebSocket } from 'ws';

type Upgrade = { socket: Socket; head: Buffer; hangUp(): void };

/**
 * Whether a request wants to become a WebSocket. All others that name `Upgrade` are answered as if they did not: Java's
 * HTTP client, for example, offers `h2c` with every request, bodies included.
 */
export function wantsWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

/** What a route takes of its clients. */
export type WebSocketRules = {
  /** Largest frame from a client, bytes; a larger one closes the connection with 1009. */
  maxPayload: number;
  /** One of these is agreed on, if the client offers it. */
  subprotocols: readonly string[];
};

/**
 * Lets routes accept WebSockets. A request to upgrade goes through every hook and guard as any other does, so that whoever is
 * refused gets an ordinary answer of HTTP before there is a connection.
 */
export function offerWebSockets(app: App, { maxPayload, subprotocols }: WebSocketRules): WebSocketAcceptor {
  const upgrades = new WeakMap<IncomingMessage, Upgrade>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload,
    // Compression would hold 300 kB for each connection.
    perMessageDeflate: false,
    handleProtocols: (offered) => subprotocols.find((one) => offered.has(one)) ?? false,
  });
  app.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // Not `end`: a client that never closes its side would keep the connection, and no time limit is left to end it.
    const hangUp = () => socket.destroySoon();
    upgrades.set(request, { socket, head, hangUp });
    socket.on('error', destroy);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as never);
    response.once('finish', hangUp);
    app.routing(request, response);
  });
  return async (request, reply) => {
    const upgrade = upgrades.get(request.raw);
    if (!upgrade) throw requestErrors.upgradeRequired(undefined, { headers: { upgrade: 'websocket' } });
    const { raw } = reply;
    reply.hijack();
    raw.statusCode = 101;
    raw.off('finish', upgrade.hangUp);
    raw.detachSocket(upgrade.socket as never);
    upgrade.socket.off('error', destroy);
    const accepted = await new Promise<WebSocket | null>((resolve) => {
      // Its client may have left while it was looked at who it is.
      if (upgrade.socket.destroyed) resolve(null);
      upgrade.socket.once('close', () => resolve(null));
      server.handleUpgrade(request.raw, upgrade.socket, upgrade.head, resolve);
    });
    // The request is over here: it is logged and counted now, and nothing of it is held for as long as the connection lives.
    raw.emit('finish');
    raw.emit('close');
    return accepted;
  };
}

/**
 * Makes a request a connection; null where its handshake was no good and has been answered.
 * @throws ApiError ERR_REQUEST_011 for a request that does not ask to become one
 */
export type WebSocketAcceptor = (request: FastifyRequest, reply: FastifyReply) => Promise<WebSocket | null>;

function destroy(this: Socket): void {
  this.destroy();
}
