import type { FastifyReply, FastifyRequest } from 'fastify';
import { requireKnownOrigin } from '../../platform/http/origin.ts';
import { statusOf, toApiError } from '../../platform/http/problem.ts';
import type { App } from '../../platform/http/server.ts';
import type { McpDependencies } from './mcp-server.ts';
import { operationsOf } from './mcp-tool.ts';

export type McpRouteDependencies = McpDependencies & { allowedOrigins: readonly string[] };

const METADATA_PATH = '/.well-known/oauth-protected-resource';
const TOOL_TIMEOUT_MS = 60_000;

/**
 * The Model Context Protocol over Streamable HTTP, in the revision of 2026 and in those of 2025. Nothing is kept between two
 * requests, so any replica answers any of them, and there are no sessions of the protocol's own.
 */
export async function mcpRoutes(app: App, deps: McpRouteDependencies): Promise<void> {
  const { allowedOrigins, log } = deps;
  await app.register(async (plugin) => {
    const scope = plugin as unknown as App;
    scope.setErrorHandler((error, request, reply) => sendRpcError(error, request, reply));
    scope.route({
      method: ['GET', 'POST', 'DELETE'],
      url: '/mcp',
      exposeHeadRoute: false,
      config: { access: 'viewer', timeout: TOOL_TIMEOUT_MS, operations: operationsOf(deps.tools) },
      schema: {
        tags: ['MCP'],
        summary: 'Model Context Protocol (Streamable HTTP)',
        description:
          'Tools: search_documents, recall, remember. Resources: your sessions. GET and DELETE get 405: nothing is sent unasked, and there are no sessions to end.',
      },
      handler: async (request, reply) => {
        requireKnownOrigin(request, allowedOrigins);
        const { principal, signal } = request;
        const { createMcpHandler, serverFor } = await loadServers(deps);
        const handler = createMcpHandler(() => serverFor({ principal, signal }), {
          onerror: (error) => log.info({ err: error }, 'an MCP request was refused'),
        });
        const body = request.method === 'POST' ? { parsedBody: request.body } : {};
        return reply.send(await handler.fetch(webRequest(request), body));
      },
    });
    for (const url of [METADATA_PATH, `${METADATA_PATH}/mcp`]) {
      scope.get(
        url,
        {
          config: { access: 'public' },
          schema: { tags: ['MCP'], summary: 'What /mcp asks of its clients (RFC 9728)' },
        },
        async (request) => ({
          resource: `${baseOf(request)}/mcp`,
          resource_name: 'Parley',
          bearer_methods_supported: ['header'],
          scopes_supported: ['read', 'write'],
          resource_documentation: `${baseOf(request)}/docs`,
        }),
      );
    }
  });
}

/** With the first request: this protocol's library is a tenth of what the program would load at its start. */
async function loadServers(deps: McpDependencies) {
  const [{ createMcpHandler }, { createMcpServers }] = await Promise.all([
    import('@modelcontextprotocol/server'),
    import('./mcp-server.ts'),
  ]);
  const serverFor = servers.get(deps) ?? createMcpServers(deps);
  servers.set(deps, serverFor);
  return { createMcpHandler, serverFor };
}

const servers = new WeakMap<McpDependencies, ReturnType<typeof import('./mcp-server.ts').createMcpServers>>();

function baseOf({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`;
}

function webRequest(request: FastifyRequest): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one);
  }
  // The handler needs nothing of the credential, which has been checked.
  headers.delete('authorization');
  headers.delete('x-api-key');
  const body = request.method === 'POST' ? { body: JSON.stringify(request.body ?? null) } : {};
  return new Request(`${baseOf(request)}${request.url}`, { method: request.method, headers, ...body });
}

/** JSON-RPC's own codes where it has one; servers choose theirs from -32000 down. */
const RPC_CODES: Record<string, number> = { malformed: -32700, invalid: -32602, internal: -32603 };
const SERVER_ERROR = -32000;

/** An error before there was an answer of the protocol, in the protocol's form, with the way to a credential (RFC 9728 §5.1). */
function sendRpcError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { definition, message, options } = toApiError(error);
  const status = statusOf(toApiError(error));
  if (status >= 500) request.log.error({ err: options.cause ?? error }, message);
  const challenge = options.headers?.['www-authenticate'];
  return reply
    .code(status)
    .headers(options.headers ?? {})
    .headers(
      challenge
        ? { 'www-authenticate': `${challenge}, resource_metadata="${baseOf(request)}${METADATA_PATH}/mcp"` }
        : {},
    )
    .send({
      jsonrpc: '2.0',
      id: null,
      error: {
        code: RPC_CODES[definition.kind] ?? SERVER_ERROR,
        message,
        data: { code: definition.code, request_id: request.id },
      },
    });
}
