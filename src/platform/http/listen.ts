import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import type { App } from './server.ts';

/** Node takes one new connection from a listening socket in each turn of the event loop, and a busy loop makes some thirty
 * turns a second: five hundred clients that come at once would wait up to 15 s to be heard. From so many sockets on the same
 * port it takes as many in one turn. https://github.com/libuv/libuv/pull/3696 */
const LISTENERS = 16;

/** @param host an address, or a name that stands for some */
export type Place = { port: number; host: string };

/**
 * Listens at a place and gives its URL. Listeners end with the server.
 * @throws EADDRINUSE, among others, where somebody listens there; but of two processes that begin within the same
 * millisecond none may notice the other.
 */
export async function listen(app: App, place: Place, listeners: number = LISTENERS): Promise<string> {
  await assertFree(place);
  if (listeners === 1 || !(await canShare(place))) return app.listen(place);
  const shared = { ...place, reusePort: true };
  const address = await app.listen(shared);
  const { address: host, port } = app.server.address() as AddressInfo;
  const others = await Promise.all(Array.from({ length: listeners - 1 }, () => another(app, { host, port })));
  app.server.once('close', () => {
    for (const other of others) other.close();
  });
  return address;
}

/** Listeners that share a port would also share it with another program's. @throws EADDRINUSE, among others */
export async function assertFree(place: Place): Promise<void> {
  await close(await listening(createServer(), { ...place, exclusive: true }));
}

/** Not everywhere, and not evenly except on Linux. */
async function canShare(place: Place): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const probe = await listening(createServer(), { ...place, reusePort: true }).catch(() => null);
  if (probe) await close(probe);
  return probe !== null;
}

/** Gives what it accepts to the server, as its own listener does. https://nodejs.org/api/http.html#event-connection */
async function another(app: App, place: Place): Promise<Server> {
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    app.server.emit('connection', socket);
  });
  return (await listening(listener, { ...place, reusePort: true })).unref();
}

function listening(server: Server, options: Place & { exclusive?: boolean; reusePort?: boolean }): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
