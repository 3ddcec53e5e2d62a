import { Type } from 'typebox';
import { defineTenantSettings } from '../tenancy/index.ts';

const closed = { additionalProperties: false };

/** What a tenant may have otherwise about tools. */
export const toolSettings = defineTenantSettings('tools', {
  default: {
    schema: Type.Array(
      Type.Union([
        Type.Object({ type: Type.Literal('search_documents') }, closed),
        Type.Object({ type: Type.Literal('recall_memory') }, closed),
        Type.Object(
          {
            type: Type.Literal('mcp'),
            server: Type.String({ minLength: 1, maxLength: 64 }),
            tools: Type.Optional(
              Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 100 }),
            ),
          },
          closed,
        ),
      ]),
      { maxItems: 20 },
    ),
    fallback: [],
    description:
      'What the model may call in answers whose request names no tools, in every dialect. What is not there at the moment, such as an MCP server that is switched off, is left out.',
  },
});
