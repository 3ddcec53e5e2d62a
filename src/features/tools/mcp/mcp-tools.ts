import { createHash } from 'node:crypto';
import type { McpApproval } from '../../../platform/database/schema.ts';
import type { ListedTool } from './mcp-client.ts';

/** A tool of a tenant's server, under the name that models call it by. */
export type McpTool = {
  name: string;
  /** Its server's own name for it. */
  remoteName: string;
  description: string;
  inputSchema: Record<string, unknown>;
  needsApproval: boolean;
  /** Whether a repeated call could change something twice. */
  effects: boolean;
};

export function mcpTool(server: { name: string; approval: McpApproval }, tool: ListedTool): McpTool {
  const { name: remoteName, description, inputSchema, readOnly, idempotent } = tool;
  return {
    name: toolName(server.name, remoteName),
    remoteName,
    description,
    inputSchema,
    needsApproval: server.approval === 'always' || (server.approval === 'changes' && !readOnly),
    effects: !readOnly && !idempotent,
  };
}

/** As every provider takes it. */
const LONGEST_NAME = 64;
const HASH_LENGTH = 8;

/** `server__tool`. What no provider takes is replaced, and what is too long cut, with a hash that keeps names apart. */
function toolName(server: string, tool: string): string {
  const plain = tool.replaceAll(/[^A-Za-z0-9_-]/g, '_');
  const whole = `${server}__${plain}`;
  if (plain === tool && whole.length <= LONGEST_NAME) return whole;
  const hash = createHash('sha256').update(tool).digest('hex').slice(0, HASH_LENGTH);
  return `${whole.slice(0, LONGEST_NAME - HASH_LENGTH - 1)}_${hash}`;
}
