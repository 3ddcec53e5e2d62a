import { type Static, Type } from 'typebox';
import { MOST_GIVEN_MESSAGES, RetrievalOptions } from '../../../features/chat/index.ts';
import { nullable, words } from '../../../platform/http/schema.ts';
import { TextFormat } from '../answer-format.ts';
import { Content } from '../message-content.ts';
import { SamplingFields, ToolChoice, Tools, WishFields } from '../tools.ts';

/** OpenAI's clients send fields of next year's, too. */
const open = { additionalProperties: true };
const optional = <Schema extends Parameters<typeof nullable>[0]>(schema: Schema) => Type.Optional(nullable(schema));

const ChatMessage = Type.Object(
  {
    role: words(['developer', 'system', 'user', 'assistant', 'tool', 'function']),
    content: optional(Content),
    name: optional(Type.String()),
    tool_call_id: optional(Type.String({ maxLength: 200 })),
    tool_calls: optional(
      Type.Array(
        Type.Object(
          {
            id: Type.String({ maxLength: 200 }),
            type: Type.Optional(Type.String()),
            function: Type.Optional(Type.Object({ name: Type.String(), arguments: Type.String() }, open)),
          },
          open,
        ),
        { maxItems: 128 },
      ),
    ),
  },
  open,
);
export type ChatMessage = Static<typeof ChatMessage>;

const Tokens = Type.Integer({ minimum: 1, maximum: 128_000 });
const StopText = Type.String({ minLength: 1, maxLength: 200 });

export const ChatCompletionBody = Type.Object(
  {
    model: Type.String({
      minLength: 1,
      maxLength: 200,
      description: '`provider/model`, as GET /v1/models lists them.',
    }),
    messages: Type.Array(ChatMessage, { minItems: 1, maxItems: MOST_GIVEN_MESSAGES }),
    stream: optional(Type.Boolean()),
    stream_options: optional(Type.Object({ include_usage: optional(Type.Boolean()) }, open)),
    max_completion_tokens: optional(Tokens),
    max_tokens: optional(Tokens),
    ...SamplingFields,
    ...WishFields,
    stop: optional(Type.Union([StopText, Type.Array(StopText, { maxItems: 4 })])),
    n: optional(Type.Integer({ minimum: 1 })),
    tools: optional(Tools),
    tool_choice: optional(ToolChoice),
    response_format: optional(TextFormat),
    user: optional(Type.String({ maxLength: 512 })),
    metadata: optional(
      Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 512 }), { maxProperties: 16 }),
    ),
    store: optional(Type.Boolean({ description: 'True keeps question and answer as one of your sessions.' })),
    retrieval: optional(RetrievalOptions),
  },
  { ...open, title: 'ChatCompletionRequest' },
);
export type ChatCompletionBody = Static<typeof ChatCompletionBody>;
