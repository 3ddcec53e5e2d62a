/** A server for tests that answers as a test says. Nothing in the product may import this file. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type SeenRequest = {
  path: string;
  headers: IncomingHttpHeaders;
  /** Of a body that is no JSON, its text. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever was sent
  body: any;
  /** Tells the connections apart. */
  port: number | undefined;
  /** Resolves when the other side closes the connection before the answer is complete. */
  abandoned: Promise<void>;
};

export type FakeUpstream = AsyncDisposable & {
  /** `http://127.0.0.1:port` */
  origin: string;
  requests: SeenRequest[];
};

export type Answer = (response: ServerResponse, request: SeenRequest, call: number) => void | Promise<void>;

/** `answer` is called for each request, with the number of the call from 0. Dispose of it to end its connections. */
export async function fakeUpstream(answer: Answer): Promise<FakeUpstream> {
  const requests: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const seen = await see(request, response);
    requests.push(seen);
    await answer(response, seen, requests.length - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function see(request: IncomingMessage, response: ServerResponse): Promise<SeenRequest> {
  const pieces = await Array.fromAsync(request);
  const text = Buffer.concat(pieces).toString('utf8');
  const abandoned = new Promise<void>((resolve) => {
    response.on('close', () => {
      if (!response.writableFinished) resolve();
    });
  });
  const { url = '', headers, socket } = request;
  const isJson = headers['content-type']?.includes('json') ?? true;
  const body = text === '' ? null : isJson ? JSON.parse(text) : text;
  return { path: url, headers, body, port: socket.remotePort, abandoned };
}

/** Answers with an event stream of these payloads; strings go out as they are. */
export function sendEvents(response: ServerResponse, ...payloads: readonly (string | object)[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(eventsText(...payloads));
}

export function eventsText(...payloads: readonly (string | object)[]): string {
  return payloads.map((one) => `data: ${typeof one === 'string' ? one : JSON.stringify(one)}\n\n`).join('');
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
