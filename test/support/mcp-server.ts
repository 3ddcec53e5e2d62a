/** A real MCP server for tests, from the protocol's own package, on a port of its own. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';

export type TestMcpServer = AsyncDisposable & {
  url: string;
  /** The headers of each request, oldest first. */
  requests: IncomingMessage['headers'][];
};

/** @param answer what is answered instead of the protocol, when it returns true */
export async function startMcpServer(
  register: (server: McpServer) => void,
  answer: (response: ServerResponse) => boolean = () => false,
): Promise<TestMcpServer> {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'test', version: '1' });
    register(server);
    return server;
  });
  const requests: IncomingMessage['headers'][] = [];
  const http = createServer(async (request, response) => {
    requests.push(request.headers);
    if (answer(response)) return;
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
    const { method = 'GET', url = '/' } = request;
    const init = { method, headers: request.headers as Record<string, string>, ...(body.length > 0 && { body }) };
    const answered = await handler.fetch(new Request(new URL(url, 'http://127.0.0.1'), init));
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    for await (const piece of answered.body ?? []) response.write(piece);
    response.end();
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    requests,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
