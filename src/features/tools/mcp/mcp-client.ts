import type { Client } from '@modelcontextprotocol/client';
import { traceHeaders } from '../../../platform/telemetry/tracing.ts';

export type McpConnection = {
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Longest time for one request, ms. */
  timeoutMs: number;
};

export type McpFetch = (input: string | URL, init?: RequestInit) => Promise<Response>;

/** A tool as its server describes it. */
export type ListedTool = {
  name: string;
  description: string;
  inputSchema: Record<string, unknown>;
  /** What the server says of itself, and may be wrong about. */
  readOnly: boolean;
  idempotent: boolean;
};

/** What a server answered to a call: either way it is for the model. */
export type McpResult = { output: unknown } | { error: string };

export type McpClient = {
  listTools(signal: AbortSignal): Promise<ListedTool[]>;
  callTool(name: string, input: Record<string, unknown>, signal: AbortSignal): Promise<McpResult>;
  close(): Promise<void>;
};

/** Of one server; the rest is left out. */
const MOST_TOOLS = 200;
const LONGEST_DESCRIPTION = 4_000;
const LARGEST_SCHEMA = 50_000;

/** Speaks the Model Context Protocol with one server, over Streamable HTTP. Rejects when it cannot be reached. */
export async function connectMcp(
  { url, headers, timeoutMs }: McpConnection,
  fetch: McpFetch,
  signal: AbortSignal,
): Promise<McpClient> {
  // A tenth of what the program would load at its start, and of use only to who has such servers.
  const library = await import('@modelcontextprotocol/client');
  const transport = new library.StreamableHTTPClientTransport(new URL(url), {
    fetch: (input, init) => fetch(input, inTrace(init)),
    requestInit: { headers: { ...headers } },
    // A server that is gone is asked again with the next call.
    reconnectionOptions: {
      maxRetries: 0,
      initialReconnectionDelay: 1_000,
      maxReconnectionDelay: 1_000,
      reconnectionDelayGrowFactor: 1,
    },
  });
  const client = new library.Client(
    { name: 'parley', version: '1' },
    {
      capabilities: {},
      versionNegotiation: { mode: 'auto' },
      // Schemas of strangers are looked at by platform/json-schema alone, which bounds their patterns.
      jsonSchemaValidator: {
        getValidator: () => (data) => ({ valid: true, data: data as never, errorMessage: undefined }),
      },
    },
  );
  const options = { timeout: timeoutMs, maxTotalTimeout: timeoutMs };
  await client.connect(transport, { ...options, signal });
  return {
    async listTools(until) {
      const { tools } = await client.listTools({}, { ...options, signal: until });
      return tools
        .slice(0, MOST_TOOLS)
        .map(listedTool)
        .filter((tool) => tool !== null);
    },
    async callTool(name, input, until) {
      return resultOf(await client.callTool({ name, arguments: input }, { ...options, signal: until }));
    },
    async close() {
      // Polite, and of no consequence.
      await transport.terminateSession().catch(() => undefined);
      await client.close();
    },
  };
}

/** Tells the server in which trace it works. */
function inTrace(init: RequestInit = {}): RequestInit {
  const headers = new Headers(init.headers);
  for (const [name, value] of Object.entries(traceHeaders())) headers.set(name, value);
  return { ...init, headers };
}

type SdkTool = Awaited<ReturnType<Client['listTools']>>['tools'][number];

function listedTool({ name, description = '', inputSchema, annotations }: SdkTool): ListedTool | null {
  if (JSON.stringify(inputSchema).length > LARGEST_SCHEMA) return null;
  return {
    name,
    description: description.slice(0, LONGEST_DESCRIPTION),
    inputSchema: inputSchema as Record<string, unknown>,
    readOnly: annotations?.readOnlyHint === true,
    idempotent: annotations?.idempotentHint === true,
  };
}

function resultOf({ content, structuredContent, isError }: Awaited<ReturnType<Client['callTool']>>): McpResult {
  const text = (content ?? []).map(textOf).join('\n');
  if (isError) return { error: text || 'The tool failed and did not say why.' };
  return { output: structuredContent ?? text };
}

type Content = NonNullable<Awaited<ReturnType<Client['callTool']>>['content']>[number];

function textOf(content: Content): string {
  switch (content.type) {
    case 'text':
      return content.text;
    case 'resource':
      return 'text' in content.resource ? content.resource.text : `[${content.resource.uri}]`;
    case 'resource_link':
      return `[${content.name}](${content.uri})`;
    default:
      return `[${content.type}]`;
  }
}
