import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { openHttpServer } from '../../../test/support/http-server.ts';
import { requestErrors } from './errors.ts';
import { offerWebSockets } from './web-socket.ts';

const HANDSHAKE =
  'GET / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

function knock(port: number): Socket {
  const socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  socket.write(HANDSHAKE);
  return socket;
}

test('a client that is refused is let go, also one that never closes its side', async () => {
  await using server = await openHttpServer((app) => {
    app.get('/', async () => {
      throw requestErrors.foreignOrigin();
    });
    offerWebSockets(app, { maxPayload: 1_024, subprotocols: [] });
  });
  const socket = knock(server.port);
  let answer = '';
  // Not by a loop over the socket, which closes its side when it ends.
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text;
  });
  await once(socket, 'end');
  expect(answer).toMatch(/^HTTP\/1.1 403 [\s\S]*ERR_REQUEST_010/);
  const connections = () =>
    new Promise((resolve) => server.app.server.getConnections((_error, count) => resolve(count)));
  await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 5_000 });
  socket.destroy();
});

test('a client that left while it was looked at who it is becomes no connection, and its request ends', async () => {
  const asked = Promise.withResolvers<void>();
  const accepted = Promise.withResolvers<unknown>();
  await using server = await openHttpServer((app) => {
    const accept = offerWebSockets(app, { maxPayload: 1_024, subprotocols: [] });
    const looked = async ({ raw }: { raw: { socket: Socket } }) => {
      asked.resolve();
      await new Promise((resolve) => raw.socket.once('close', resolve));
    };
    app.get('/', { preHandler: looked }, async (request, reply) => accepted.resolve(await accept(request, reply)));
  });
  const socket = knock(server.port);
  await asked.promise;
  socket.resetAndDestroy();
  expect(await accepted.promise).toBeNull();
});
