import type { App } from '../../platform/http/server.ts';
import * as schema from './mcp/mcp.schema.ts';
import type { Tools } from './tools.ts';

/** `/v1/mcp-servers`: the servers whose tools the tenant's runs may call. */
export function toolRoutes(app: App, { servers }: Tools): void {
  const tags = ['Tools'];
  const config = { access: 'admin' } as const;
  app.post(
    '/v1/mcp-servers',
    {
      config,
      schema: {
        tags,
        summary: 'Add an MCP server',
        description: 'Runs may call its tools from now on, by `{"type": "mcp", "server": name}`.',
        body: schema.NewMcpServer,
        response: { 201: schema.McpServerView },
      },
    },
    async (request, reply) => {
      const { principal, body } = request;
      const made = await request.once(async () => schema.presentServer(await servers.create(principal, body)));
      return reply.code(201).send(made);
    },
  );
  app.get(
    '/v1/mcp-servers',
    { config, schema: { tags, summary: 'The MCP servers of my tenant', response: { 200: schema.McpServerList } } },
    async ({ principal }) => ({ data: (await servers.list(principal)).map(schema.presentServer), next_cursor: null }),
  );
  app.get(
    '/v1/mcp-servers/:id',
    {
      config,
      schema: {
        tags,
        summary: 'One MCP server',
        params: schema.McpServerParams,
        response: { 200: schema.McpServerView },
      },
    },
    async ({ principal, params }) => schema.presentServer(await servers.find(principal, params.id)),
  );
  app.patch(
    '/v1/mcp-servers/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Change an MCP server',
        description: '`headers` replace all former ones; a new origin without headers drops them.',
        params: schema.McpServerParams,
        body: schema.McpServerChanges,
        response: { 200: schema.McpServerView },
      },
    },
    async ({ principal, params, body }) => schema.presentServer(await servers.change(principal, params.id, body)),
  );
  app.delete(
    '/v1/mcp-servers/:id',
    { config, schema: { tags, summary: 'Delete an MCP server', params: schema.McpServerParams } },
    async ({ principal, params }, reply) => {
      await servers.remove(principal, params.id);
      return reply.code(204).send();
    },
  );
  app.get(
    '/v1/mcp-servers/:id/tools',
    {
      config,
      schema: {
        tags,
        summary: 'What an MCP server offers now',
        params: schema.McpServerParams,
        response: { 200: schema.McpToolList },
      },
    },
    async ({ principal, params, signal }) => {
      const tools = await servers.tools(principal, params.id, signal);
      return { data: tools.map(schema.presentTool), next_cursor: null };
    },
  );
}
