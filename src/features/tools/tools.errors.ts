import { defineErrors } from '../../platform/http/errors.ts';

export const toolErrors = defineErrors('TOOL', {
  serverNotFound: {
    number: 1,
    kind: 'not-found',
    title: 'MCP server not found',
    example: 'This tenant has no MCP server with this id.',
  },
  nameTaken: {
    number: 2,
    kind: 'conflict',
    title: 'Name taken',
    example: 'This tenant already has an MCP server named "tickets".',
  },
  serverFailed: {
    number: 3,
    kind: 'upstream',
    title: 'MCP server failed',
    example: 'The MCP server "tickets" could not be reached.',
  },
  tooMany: {
    number: 4,
    kind: 'conflict',
    title: 'Too many MCP servers',
    example: 'A tenant has at most 50 MCP servers; delete one that is no longer needed.',
  },
});
