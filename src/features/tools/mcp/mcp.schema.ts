import { type Static, Type } from 'typebox';
import { words } from '../../../platform/http/schema.ts';
import type { McpServerRow } from './mcp-server.store.ts';
import type { McpTool } from './mcp-tools.ts';

const closed = { additionalProperties: false };
const Id = Type.String({ format: 'uuid' });
const Time = Type.String({ format: 'date-time' });

const Name = Type.String({
  pattern: '^[a-z0-9][a-z0-9_-]{0,29}$',
  description: 'As runs name it, and as the names of its tools begin: 1 to 30 of a-z, 0-9, _ and -.',
});
const Url = Type.String({ format: 'uri', pattern: '^https?://', maxLength: 2_000 });
const Headers = Type.Record(
  Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$" }),
  Type.String({ minLength: 1, maxLength: 8_000, pattern: '^[\\x20-\\x7e]+$' }),
  {
    maxProperties: 20,
    description: 'Sent with each request, such as Authorization. Kept sealed and never shown again.',
  },
);
const Approval = words(['never', 'changes', 'always'], {
  description: 'Which calls the user must allow: none, those of tools that are not marked as read-only, or all.',
});
const Timeout = Type.Integer({ minimum: 100, maximum: 300_000, description: 'Longest time for one call, ms.' });

export const McpServerParams = Type.Object({ id: Id }, closed);

export const NewMcpServer = Type.Object(
  {
    name: Name,
    url: Url,
    headers: Type.Optional(Headers),
    approval: Type.Optional(Approval),
    timeout_ms: Type.Optional(Timeout),
    enabled: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type NewMcpServer = Static<typeof NewMcpServer>;

export const McpServerChanges = Type.Object(
  {
    name: Type.Optional(Name),
    url: Type.Optional(Url),
    headers: Type.Optional(Headers),
    approval: Type.Optional(Approval),
    timeout_ms: Type.Optional(Timeout),
    enabled: Type.Optional(Type.Boolean()),
  },
  { ...closed, minProperties: 1 },
);
export type McpServerChanges = Static<typeof McpServerChanges>;

export const McpServerView = Type.Object(
  {
    id: Id,
    name: Type.String(),
    url: Type.String(),
    header_names: Type.Array(Type.String()),
    approval: Approval,
    timeout_ms: Type.Integer(),
    enabled: Type.Boolean(),
    created_at: Time,
    updated_at: Time,
  },
  { title: 'MCP server' },
);
export type McpServerView = Static<typeof McpServerView>;

const NoCursor = Type.Null({ description: 'There is one page.' });
export const McpServerList = Type.Object({ data: Type.Array(McpServerView), next_cursor: NoCursor });

const McpToolView = Type.Object({
  name: Type.String({ description: 'As models call it.' }),
  description: Type.String(),
  input_schema: Type.Record(Type.String(), Type.Unknown()),
  needs_approval: Type.Boolean(),
});
export const McpToolList = Type.Object({ data: Type.Array(McpToolView), next_cursor: NoCursor });

export function presentServer({ tenant_id: _, created_at, updated_at, ...row }: McpServerRow): McpServerView {
  return { ...row, created_at: created_at.toISOString(), updated_at: updated_at.toISOString() };
}

export function presentTool({ name, description, inputSchema, needsApproval }: McpTool): Static<typeof McpToolView> {
  return { name, description, input_schema: inputSchema, needs_approval: needsApproval };
}
