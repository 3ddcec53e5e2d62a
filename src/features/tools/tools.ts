import { createMcpServerService, type McpServerService } from './mcp/mcp-server.service.ts';
import { createMcpServers, type McpDependencies, type McpServers } from './mcp/mcp-servers.ts';

export type Tools = { servers: McpServerService; mcp: McpServers };

/** Tools that tenants bring along. */
export function createTools(deps: McpDependencies): Tools {
  const mcp = createMcpServers(deps);
  return { mcp, servers: createMcpServerService(deps, mcp) };
}
