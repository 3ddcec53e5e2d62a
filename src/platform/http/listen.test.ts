import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createLog } from '../telemetry/log.ts';
import { listen } from './listen.ts';
import { type App, createHttpServer } from './server.ts';

const opened: { app: App; sockets: Socket[] }[] = [];

afterEach(async () => {
  for (const { app, sockets } of opened.splice(0)) {
    for (const socket of sockets) socket.destroy();
    app.server.closeAllConnections();
    await app.close();
  }
});

function server(): App {
  const app = createHttpServer({
    log: createLog({ level: 'silent', pretty: false }),
    bodyLimit: 1024,
    requestTimeout: 10_000,
    trustedProxies: [],
    rewriteUrl: ({ url }) => url ?? '/',
  });
  app.get('/hello', async () => 'hello');
  opened.push({ app, sockets: [] });
  return app;
}

function connect(url: string, count: number): Socket[] {
  const sockets = Array.from({ length: count }, () => createConnection(Number(new URL(url).port), '127.0.0.1'));
  for (const socket of sockets) socket.on('error', () => undefined);
  opened.at(-1)?.sockets.push(...sockets);
  return sockets;
}

/** Turns of the event loop in which so many new connections are taken. */
async function turnsFor(count: number, listeners?: number): Promise<number> {
  const app = server();
  const url = await listen(app, { port: 0, host: '127.0.0.1' }, listeners);
  let accepted = 0;
  let turns = 0;
  app.server.on('connection', () => {
    accepted += 1;
  });
  connect(url, count);
  while (accepted < count) {
    await new Promise((resolve) => setImmediate(resolve));
    // Turns in which none was there yet are not the listener's.
    if (accepted > 0) turns += 1;
  }
  return turns;
}

test.runIf(process.platform === 'linux')('many who come at once are heard in few turns of the event loop', async () => {
  const [alone, together] = [await turnsFor(128, 1), await turnsFor(128)];
  expect(alone).toBeGreaterThanOrEqual(128);
  expect(together).toBeLessThan(64);
});

test('whichever listener took a connection, it is answered, and ends with the server', async () => {
  const app = server();
  const url = await listen(app, { port: 0, host: '127.0.0.1' });
  const sockets = connect(url, 40);
  const answers = sockets.map(async (socket) => {
    socket.write('GET /hello HTTP/1.1\r\nHost: here\r\n\r\n');
    return String((await once(socket, 'data'))[0]).split('\r\n', 1)[0];
  });
  expect(new Set(await Promise.all(answers))).toEqual(new Set(['HTTP/1.1 200 OK']));
  const ends = sockets.map((socket) => once(socket, 'close'));
  const closed = app.close();
  app.server.closeAllConnections();
  await closed;
  await Promise.all(ends);
  const [late] = connect(url, 1);
  expect(await once(late as Socket, 'error')).toMatchObject([{ code: 'ECONNREFUSED' }]);
});

test('a port that somebody listens on is refused, though both would share it', async () => {
  const url = await listen(server(), { port: 0, host: '127.0.0.1' });
  const place = { port: Number(new URL(url).port), host: '127.0.0.1' };
  await expect(listen(server(), place)).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
