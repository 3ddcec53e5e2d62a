import type { Principal, RequiredRole } from '../../features/identity/index.ts';

/** A tool that other programs' models may call here. Given by the app, so that no feature knows this protocol. */
export type McpTool = {
  name: string;
  title: string;
  description: string;
  /** JSON Schema of an object. */
  inputSchema: { type: 'object'; [keyword: string]: unknown };
  /** What a caller's role, or key, must give. */
  access: RequiredRole;
  /** Whether it changes nothing. */
  readOnly: boolean;
  /** `text` is for the model, `structured` for programs. @throws ApiError, whose words the model reads */
  run(input: unknown, caller: McpCaller): Promise<{ text: string; structured: Record<string, unknown> }>;
};

const METHODS = ['initialize', 'ping', 'tools/list', 'resources/templates/list', 'resources/list', 'resources/read'];

/** What a client may ask of `createMcpServers`, each tool by itself. */
export function operationsOf(tools: readonly McpTool[]): readonly string[] {
  return [...METHODS, ...tools.map(({ name }) => `tools/call ${name}`)];
}

export type McpCaller = { principal: Principal; signal: AbortSignal };
