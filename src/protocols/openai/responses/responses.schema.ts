import { type Static, Type } from 'typebox';
import { MOST_GIVEN_MESSAGES, RetrievalOptions } from '../../../features/chat/index.ts';
import { nullable, words } from '../../../platform/http/schema.ts';
import { TextFormat } from '../answer-format.ts';
import { Content } from '../message-content.ts';
import { ReasoningEffort, SamplingFields, ToolChoice, Tools, Verbosity } from '../tools.ts';

const open = { additionalProperties: true };
const optional = <Schema extends Parameters<typeof nullable>[0]>(schema: Schema) => Type.Optional(nullable(schema));

export const InputItem = Type.Object(
  {
    type: optional(Type.String()),
    role: optional(Type.String()),
    content: optional(Content),
    call_id: optional(Type.String({ maxLength: 200 })),
    name: optional(Type.String({ maxLength: 64 })),
    arguments: optional(Type.String()),
    output: optional(Content),
  },
  open,
);
export type InputItem = Static<typeof InputItem>;

export const Metadata = Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 512 }), {
  maxProperties: 16,
});
const Id = Type.String({ minLength: 1, maxLength: 100 });

export const ResponseBody = Type.Object(
  {
    model: optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'Without it the installation’s default.' }),
    ),
    input: Type.Union([
      Type.String({ minLength: 1, pattern: '\\S' }),
      Type.Array(InputItem, { minItems: 1, maxItems: MOST_GIVEN_MESSAGES }),
    ]),
    instructions: optional(Type.String()),
    stream: optional(Type.Boolean()),
    background: optional(Type.Boolean()),
    previous_response_id: optional(Id),
    conversation: optional(Type.Union([Id, Type.Object({ id: Id }, open)])),
    max_output_tokens: optional(Type.Integer({ minimum: 1, maximum: 128_000 })),
    ...SamplingFields,
    metadata: optional(Metadata),
    store: optional(Type.Boolean({ description: 'False: deleted within a day, and in no list.' })),
    user: optional(Type.String({ maxLength: 512 })),
    tools: optional(Tools),
    tool_choice: optional(ToolChoice),
    text: optional(Type.Object({ format: optional(TextFormat), verbosity: optional(Verbosity) }, open)),
    reasoning: optional(Type.Object({ effort: optional(ReasoningEffort) }, open)),
    retrieval: optional(RetrievalOptions),
  },
  { ...open, title: 'ResponseRequest' },
);
export type ResponseBody = Static<typeof ResponseBody>;

export const ResponseParams = Type.Object({ id: Type.String({ maxLength: 100 }) });

/** Repeated `include[]` and other wishes about parts that do not exist here are passed over. */
export const RetrieveQuery = Type.Object(
  {
    stream: Type.Optional(Type.Boolean()),
    starting_after: Type.Optional(
      Type.Integer({ minimum: -1, description: '`sequence_number` of the last event that was seen.' }),
    ),
  },
  open,
);

export const ItemsQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
    order: Type.Optional(words(['asc', 'desc'], { default: 'desc' })),
    after: Type.Optional(Type.String({ maxLength: 100, description: 'Id of the last item that was seen.' })),
  },
  open,
);
export type ItemsQuery = Static<typeof ItemsQuery>;
