import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const STACK =
  'Error: relation "users" does not exist\n    at query (/app/src/store.ts:12:3)\nSELECT * FROM users WHERE id = 1';

/** A server that does wrong whatever a live check asks for. */
export async function badServer(): Promise<AsyncDisposable & { url: string }> {
  let probes = 0;
  const server = createServer((request, response) => {
    response.setHeader('server', 'Bad/1.2.3');
    response.setHeader('access-control-allow-origin', '*');
    const given = String(request.headers['x-request-id'] ?? '');
    response.setHeader('x-request-id', given.includes('<') ? given : 'always the same');
    request.resume().on('end', () => {
      if (request.url !== '/health/live') return answer(request, response);
      probes += 1;
      // Many at once are answered late.
      void delay(probes > 20 ? 600 : 0).then(() => response.end('{}'));
    });
  });
  server.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer({ url = '/' }: IncomingMessage, response: ServerResponse): void {
  const send = (status: number, text: string) => {
    response.statusCode = status;
    response.end(text);
  };
  if (url === '/health') send(200, '{"status":"healthy"}');
  else if (url === '/ready') send(200, '{"status":"ready","checks":{"database":"failed"}}');
  else if (url === '/metrics') send(200, 'bad{user="01a215bb-778e-76d5-a1f1-7e628887d188"} 1\n');
  else if (url === '/openapi.json') send(200, JSON.stringify(OPENAPI));
  else if (url.startsWith('/api/') || url.startsWith('/chatkit/')) send(404, 'gone');
  else send(200, STACK);
}

const OPENAPI = { openapi: '3.0.0', info: {}, paths: { '/v1/secrets': { get: { responses: { 200: {} } } } } };
