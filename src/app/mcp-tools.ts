import { type Documents, presentSearch, SearchBody } from '../features/documents/index.ts';
import type { McpTool } from '../protocols/mcp/mcp-tool.ts';

/** What models of other programs may call over MCP. */
export function mcpTools({ documents }: { documents: Documents }): McpTool[] {
  return [searchDocuments(documents)];
}

const { query, top_k, filter } = SearchBody.properties;

function searchDocuments(documents: Documents): McpTool {
  return {
    name: 'search_documents',
    title: 'Search documents',
    description:
      'Finds the passages of the tenant’s documents that fit a question best, by words and by meaning. Returns each with its title, its place and its text.',
    inputSchema: {
      type: 'object',
      properties: { query, top_k, filter },
      required: ['query'],
      additionalProperties: false,
    },
    access: 'viewer',
    readOnly: true,
    run: async (input, { principal, signal }) => {
      const found = presentSearch(await documents.search(principal.tenant, input as SearchBody, signal, principal));
      return { text: passages(found.data), structured: found };
    },
  };
}

type Found = ReturnType<typeof presentSearch>['data'];

/** As a model reads it: each passage below where it is from. */
function passages(hits: Found): string {
  if (hits.length === 0) return 'Nothing in the documents fits.';
  return hits
    .map(({ title, page, heading_path, text }, index) => {
      const place = [title, ...(page === null ? [] : [`page ${page}`]), ...heading_path].join(' › ');
      return `[${index + 1}] ${place}\n${text}`;
    })
    .join('\n\n');
}
