export type { McpDependencies } from './mcp/mcp-servers.ts';
export { McpServerError } from './mcp/mcp-servers.ts';
export { toolRoutes } from './tools.routes.ts';
export { createTools, type Tools } from './tools.ts';
export { toolSettings } from './tools-settings.schema.ts';
