import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError, Server } from '@modelcontextprotocol/server';
import type { Chat } from '../../features/chat/index.ts';
import { requireRole } from '../../features/identity/index.ts';
import { ApiError } from '../../platform/http/errors.ts';
import { toApiError } from '../../platform/http/problem.ts';
import { fieldFaults, type SchemaFault } from '../../platform/http/schema-faults.ts';
import { compileValidator } from '../../platform/http/validation.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import type { McpCaller, McpTool } from './mcp-tool.ts';
import { SESSION_TEMPLATE, sessionIdOf, sessionResource, transcript } from './session-resources.ts';

export type McpDependencies = {
  chat: Chat;
  log: Logger;
  version: string;
  tools: readonly McpTool[];
};

const INSTRUCTIONS =
  'Parley answers from the documents of one tenant. Search them with search_documents and quote what you use, with its title. What was said in earlier talks is found with recall, and remember keeps what should be known later. Resources are the caller’s own conversations.';
const SESSIONS_PER_PAGE = 50;
const MESSAGES_PER_SESSION = 100;

type Validate = { (input: unknown): boolean; errors?: readonly SchemaFault[] | null };
type OfferedTool = McpTool & { validate: Validate };

/** Makes the server of one request: what it offers depends on who asks. */
export function createMcpServers({ chat, log, version, tools }: McpDependencies) {
  const offered = tools.map((tool): OfferedTool => {
    const place = { method: 'POST', url: '/mcp', httpPart: 'body' };
    return { ...tool, validate: compileValidator({ schema: tool.inputSchema, ...place }) as unknown as Validate };
  });
  return (caller: McpCaller): Server => {
    const server = new Server(
      { name: 'parley', title: 'Parley', version },
      { capabilities: { tools: {}, resources: {} }, instructions: INSTRUCTIONS },
    );
    server.setRequestHandler('tools/list', () => ({ tools: offered.map(toolView) }));
    server.setRequestHandler('tools/call', ({ params }) => {
      const tool = offered.find(({ name }) => name === params.name);
      if (!tool) throw invalidParams(`There is no tool "${params.name.slice(0, 100)}".`);
      return callTool(tool, params.arguments ?? {}, caller, log);
    });
    server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [SESSION_TEMPLATE] }));
    server.setRequestHandler('resources/list', async ({ params }) => {
      const page = { limit: SESSIONS_PER_PAGE, ...(params?.cursor !== undefined && { cursor: params.cursor }) };
      const { data, next_cursor } = await refusing(chat.sessions.list(caller.principal, page));
      return { resources: data.map(sessionResource), ...(next_cursor !== null && { nextCursor: next_cursor }) };
    });
    server.setRequestHandler('resources/read', ({ params }) => readSession(chat, caller, params.uri));
    return server;
  };
}

function toolView({ name, title, description, inputSchema, readOnly }: McpTool) {
  return { name, title, description, inputSchema, annotations: { readOnlyHint: readOnly, openWorldHint: false } };
}

/** What goes wrong in a tool is an answer that the model reads, so that it can mend its call. */
async function callTool({ validate, access, run }: OfferedTool, input: object, caller: McpCaller, log: Logger) {
  try {
    requireRole(caller.principal, access);
    if (!validate(input)) return failure(wordsOf(validate.errors ?? []));
    const { text, structured } = await run(input, caller);
    return { content: [{ type: 'text' as const, text }], structuredContent: structured };
  } catch (error) {
    const { message, definition, options } = toApiError(error);
    if (definition.kind === 'internal') log.error({ err: options.cause ?? error }, 'a tool failed');
    return failure(message);
  }
}

function failure(text: string) {
  return { content: [{ type: 'text' as const, text }], isError: true };
}

function wordsOf(errors: readonly SchemaFault[]): string {
  return fieldFaults(errors, 'arguments')
    .map(({ field, message }) => `${field} ${message}`)
    .join('; ');
}

async function readSession({ sessions }: Chat, { principal }: McpCaller, uri: string) {
  const id = sessionIdOf(uri);
  if (id === null) throw new ResourceNotFoundError(uri);
  try {
    const session = await sessions.get(principal, id);
    const newest = await sessions.messages(principal, id, { limit: MESSAGES_PER_SESSION, order: 'desc' });
    const text = transcript(session, newest.data.toReversed(), newest.next_cursor !== null);
    return { contents: [{ uri, mimeType: SESSION_TEMPLATE.mimeType, text }] };
  } catch (error) {
    const kind = error instanceof ApiError ? error.definition.kind : null;
    if (kind === 'not-found' || kind === 'forbidden') throw new ResourceNotFoundError(uri);
    throw error;
  }
}

/** A refusal in the protocol's form. */
async function refusing<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ApiError && error.definition.kind === 'invalid') throw invalidParams(error.message);
    throw error;
  }
}

function invalidParams(message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message);
}
