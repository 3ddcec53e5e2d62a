import { type RunTool, ToolError, type ToolSource } from '../features/chat/index.ts';
import type { Documents } from '../features/documents/index.ts';
import { McpServerError, type Tools } from '../features/tools/index.ts';
import { searchDocumentsTool } from './search-documents-tool.ts';

/** The tools that runs may ask for by name, each from the feature that has it. */
export function toolsForChat({ documents, tools }: { documents: Documents; tools: Tools }): ToolSource {
  const search = searchDocumentsTool(documents);
  return {
    async fault(choice, { tenant }) {
      switch (choice.type) {
        case 'search_documents':
          return null;
        case 'recall_memory':
          return 'is not there in this installation';
        case 'mcp':
          return (await tools.mcp.has(tenant, choice.server))
            ? null
            : `names "${choice.server}", which is no MCP server of this tenant, or is switched off`;
      }
    },
    async open(choice, { tenant }, signal) {
      switch (choice.type) {
        case 'search_documents':
          return [search];
        case 'recall_memory':
          return [];
        case 'mcp':
          return openMcpTools(tools, tenant, choice, signal);
      }
    },
  };
}

async function openMcpTools(
  { mcp }: Tools,
  tenant: { id: string },
  { server: name, tools: wanted }: { server: string; tools?: readonly string[] },
  signal: AbortSignal,
): Promise<RunTool[]> {
  const found = await mcp.tools(tenant, name, signal);
  if (!found) return [];
  const { server, tools } = found;
  const chosen = tools.filter((tool) => !wanted || wanted.includes(tool.remoteName) || wanted.includes(tool.name));
  return chosen.map((tool) => ({
    name: tool.name,
    description: tool.description,
    inputSchema: tool.inputSchema,
    effects: tool.effects,
    needsApproval: tool.needsApproval,
    timeoutMs: server.timeout_ms,
    metric: 'mcp',
    async run(input, { signal: until }) {
      const result = await mcp.callTool(server, tool, input as Record<string, unknown>, until).catch(inWords);
      if ('error' in result) throw new ToolError(result.error);
      return result.output;
    },
  }));
}

function inWords(error: unknown): never {
  throw error instanceof McpServerError ? new ToolError(error.message) : error;
}
