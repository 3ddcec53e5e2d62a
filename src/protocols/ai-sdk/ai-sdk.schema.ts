import { type Static, Type } from 'typebox';
import { MOST_GIVEN_MESSAGES, RetrievalOptions, RunToolChoice, RunTools } from '../../features/chat/index.ts';
import { nullable, words } from '../../platform/http/schema.ts';

/** AI SDK's clients send fields of next year's, too. */
const open = { additionalProperties: true };
const optional = <Schema extends Parameters<typeof nullable>[0]>(schema: Schema) => Type.Optional(nullable(schema));

const UiPart = Type.Object(
  {
    type: Type.String({ maxLength: 200 }),
    text: Type.Optional(Type.String()),
    toolCallId: Type.Optional(Type.String({ maxLength: 200 })),
    toolName: Type.Optional(Type.String({ maxLength: 200 })),
    state: Type.Optional(Type.String()),
    input: Type.Optional(Type.Unknown()),
    output: Type.Optional(Type.Unknown()),
    errorText: Type.Optional(Type.String()),
    approval: Type.Optional(
      Type.Object({ approved: Type.Optional(Type.Boolean()), reason: Type.Optional(Type.String()) }, open),
    ),
  },
  open,
);
export type UiPart = Static<typeof UiPart>;

const UiMessage = Type.Object(
  {
    id: Type.Optional(Type.String({ maxLength: 200 })),
    role: words(['user', 'assistant', 'system']),
    parts: Type.Array(UiPart),
  },
  { ...open, title: 'UIMessage' },
);
export type UiMessage = Static<typeof UiMessage>;

export const ChatId = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'The id of a session, or any name of the client’s own for a chat of this user.',
});

export const AiChatBody = Type.Object(
  {
    id: optional(ChatId),
    messages: Type.Array(UiMessage, { minItems: 1, maxItems: MOST_GIVEN_MESSAGES }),
    trigger: optional(Type.String()),
    messageId: optional(Type.String({ maxLength: 200 })),
    model: optional(Type.String({ minLength: 1, maxLength: 200 })),
    instructions: optional(Type.String({ maxLength: 32_000 })),
    retrieval: optional(RetrievalOptions),
    tools: optional(RunTools),
    tool_choice: optional(RunToolChoice),
    metadata: optional(Type.Record(Type.String({ maxLength: 64 }), Type.Unknown(), { maxProperties: 50 })),
  },
  { ...open, title: 'AiSdkChatRequest' },
);
export type AiChatBody = Static<typeof AiChatBody>;

export const StreamParams = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 200,
    description: 'What `x-workflow-run-id` said, or the id of the chat, whose unfinished answer it then is.',
  }),
});
export const StreamQuery = Type.Object(
  {
    startIndex: Type.Optional(
      Type.Integer({
        default: 0,
        description: 'How many chunks the client has; below 0: so many before the newest.',
      }),
    ),
  },
  open,
);
