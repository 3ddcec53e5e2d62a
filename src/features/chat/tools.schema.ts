import { type Static, Type } from 'typebox';
import { words } from '../../platform/http/schema.ts';

const closed = { additionalProperties: false };

export const MOST_TOOLS = 64;
/** As the providers take it. */
export const ToolName = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' });

const ClientTool = Type.Object(
  {
    type: Type.Literal('function'),
    name: ToolName,
    description: Type.Optional(Type.String({ maxLength: 4_000 })),
    parameters: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'JSON Schema of the input: an object.' }),
    ),
    strict: Type.Optional(Type.Boolean({ description: 'Passed on to providers that know it.' })),
  },
  { ...closed, title: 'Client tool', description: 'A tool of yours: the run waits until you give its output.' },
);
const McpTools = Type.Object(
  {
    type: Type.Literal('mcp'),
    server: Type.String({ minLength: 1, maxLength: 64, description: 'Name of an MCP server of the tenant.' }),
    tools: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 100 })),
  },
  { ...closed, title: 'Tools of an MCP server' },
);

export const RunTools = Type.Array(
  Type.Union([
    ClientTool,
    Type.Object({ type: Type.Literal('search_documents') }, { ...closed, title: 'Search documents' }),
    Type.Object({ type: Type.Literal('recall_memory') }, { ...closed, title: 'Recall memory' }),
    McpTools,
  ]),
  { maxItems: MOST_TOOLS, description: 'What the model may call.' },
);

export const RunToolChoice = Type.Union(
  [words(['auto', 'none', 'required']), Type.Object({ type: Type.Literal('function'), name: ToolName }, closed)],
  { description: 'Whether the model may call tools, must, or must call this one, in its first step.' },
);

const ToolCallId = Type.String({ minLength: 1, maxLength: 200 });

export const NewToolOutputs = Type.Object(
  {
    tool_outputs: Type.Array(
      Type.Union([
        Type.Object({ tool_call_id: ToolCallId, output: Type.Unknown() }, { ...closed, title: 'Output' }),
        Type.Object(
          { tool_call_id: ToolCallId, error: Type.String({ minLength: 1, maxLength: 10_000 }) },
          { ...closed, title: 'Failure' },
        ),
      ]),
      { minItems: 1, maxItems: 128 },
    ),
  },
  closed,
);

export const NewToolDecisions = Type.Object(
  {
    decisions: Type.Array(
      Type.Object(
        {
          tool_call_id: ToolCallId,
          approved: Type.Boolean(),
          reason: Type.Optional(Type.String({ maxLength: 2_000, description: 'The model reads it.' })),
        },
        closed,
      ),
      { minItems: 1, maxItems: 128 },
    ),
  },
  closed,
);

export const WaitingFor = Type.Object({
  tool_calls: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      input: Type.Unknown(),
      needs: words(['output', 'approval']),
    }),
  ),
  until: Type.String({ format: 'date-time', description: 'Then the run is given up.' }),
});
export type WaitingFor = Static<typeof WaitingFor>;
