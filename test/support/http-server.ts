import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { type App, createHttpServer, type HttpOptions } from '../../src/platform/http/server.ts';
import { createLog } from '../../src/platform/telemetry/log.ts';
import { LogLines } from './log-lines.ts';

/** The bare HTTP server with a test's own routes, on a free port. */
export type TestHttpServer = AsyncDisposable & { app: App; port: number; address: string; log: LogLines };

export async function openHttpServer(
  addRoutes: (app: App) => void,
  options: Partial<HttpOptions> = {},
): Promise<TestHttpServer> {
  const log = new LogLines();
  const app = createHttpServer({
    log: createLog({ level: 'debug', pretty: false, stream: log.stream }),
    bodyLimit: 64 * 1024,
    requestTimeout: 10_000,
    trustedProxies: [],
    rewriteUrl: ({ url }) => url ?? '/',
    ...options,
  });
  addRoutes(app);
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const dispose = async () => {
    app.server.closeAllConnections();
    await app.close();
  };
  return { app, port: Number(new URL(address).port), address, log, [Symbol.asyncDispose]: dispose };
}

/** Sends bytes as they are and reads until the server closes the connection. */
export async function exchange(port: number, bytes: string): Promise<string> {
  const socket = createConnection(port, '127.0.0.1');
  socket.write(bytes);
  return text(socket);
}
