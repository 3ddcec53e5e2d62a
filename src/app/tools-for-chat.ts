import { type RunTool, ToolError, type ToolSource } from '../features/chat/index.ts';
import type { Documents } from '../features/documents/index.ts';
import type { Memory } from '../features/memory/index.ts';
import type { TenantSettings } from '../features/tenancy/index.ts';
import { McpServerError, type Tools, toolSettings } from '../features/tools/index.ts';
import { recallMemoryTool } from './recall-memory-tool.ts';
import { searchDocumentsTool } from './search-documents-tool.ts';

export type ToolOwners = {
  documents: Documents;
  memory: Memory;
  tools: Tools;
  settings: Pick<TenantSettings, 'read'>;
};

/** The tools that runs may ask for by name, each from the feature that has it. */
export function toolsForChat({ documents, memory, tools, settings }: ToolOwners): ToolSource {
  const search = searchDocumentsTool(documents);
  const recall = recallMemoryTool(memory);
  return {
    usual: (tenant) => settings.read(tenant, toolSettings.default),
    async fault(choice, { tenant }) {
      switch (choice.type) {
        case 'search_documents':
        case 'recall_memory':
          return null;
        case 'mcp':
          return (await tools.mcp.has(tenant, choice.server))
            ? null
            : `names "${choice.server}", which is no MCP server of this tenant, or is switched off`;
      }
    },
    async open(choice, { tenant, memory: whose }, signal) {
      switch (choice.type) {
        case 'search_documents':
          return [search];
        case 'recall_memory':
          return whose ? [recall] : [];
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
