import { type Static, type TSchema, Type } from 'typebox';
import { nullable, words } from '../../platform/http/schema.ts';

/** Requests of ChatKit's pages. Members that are not known are passed over; what other clients leave out is taken as empty. */
const open = { additionalProperties: true };

const Id = Type.String({ minLength: 1, maxLength: 200 });
/** Of a text that a person wrote. Not the schema's to refuse: the page says nothing of an HTTP error, so that a person would
 * only see the message vanish. */
export const LONGEST_TEXT = 32_000;
const Text = Type.String({ description: `${LONGEST_TEXT} characters at most.` });
const Payload = Type.Unknown();

const UserPart = Type.Unsafe<
  | { type: 'input_text'; text: string }
  | {
      type: 'input_tag';
      id: string;
      text: string;
      data?: Record<string, unknown> | null;
      group?: string | null;
      interactive?: boolean | null;
    }
>({
  type: 'object',
  required: ['type'],
  discriminator: { propertyName: 'type' },
  oneOf: [
    Type.Object({ type: Type.Literal('input_text'), text: Text }, open),
    Type.Object(
      {
        type: Type.Literal('input_tag'),
        id: Id,
        text: Type.String({ maxLength: 1_000 }),
        data: Type.Optional(nullable(Type.Record(Type.String(), Type.Unknown()))),
        group: Type.Optional(nullable(Type.String({ maxLength: 200 }))),
        interactive: Type.Optional(nullable(Type.Boolean())),
      },
      open,
    ),
  ],
} as TSchema);

const UserInput = Type.Object(
  {
    content: Type.Array(UserPart, { maxItems: 100 }),
    attachments: Type.Optional(Type.Array(Id, { maxItems: 20 })),
    quoted_text: Type.Optional(nullable(Text)),
    inference_options: Type.Optional(
      nullable(
        Type.Object(
          {
            model: Type.Optional(nullable(Type.String({ maxLength: 200 }))),
            tool_choice: Type.Optional(nullable(Type.Object({ id: Type.String({ maxLength: 200 }) }, open))),
          },
          open,
        ),
      ),
    ),
  },
  open,
);
export type UserInput = Static<typeof UserInput>;

const Page = {
  limit: Type.Optional(nullable(Type.Integer({ minimum: 0 }))),
  order: Type.Optional(nullable(words(['asc', 'desc']))),
  after: Type.Optional(nullable(Id)),
};
export type PageParams = { limit?: number | null; order?: 'asc' | 'desc' | null; after?: string | null };

const Action = Type.Object(
  { type: Type.String({ minLength: 1, maxLength: 200 }), payload: Type.Optional(Payload) },
  open,
);

const thread_id = Id;

/** The sixteen operations, each with its parameters. */
const params = {
  'threads.create': Type.Object({ input: UserInput }, open),
  'threads.add_user_message': Type.Object({ thread_id, input: UserInput }, open),
  'threads.add_client_tool_output': Type.Object(
    { thread_id, result: Payload },
    { ...open, required: ['thread_id', 'result'] },
  ),
  'threads.add_structured_input': Type.Object(
    {
      thread_id,
      item_id: Id,
      input: Type.Object(
        {
          status: Type.Optional(words(['answered', 'skipped'])),
          answers: Type.Optional(
            Type.Record(
              Type.String(),
              Type.Object(
                {
                  values: Type.Optional(Type.Array(Text, { maxItems: 100 })),
                  skipped: Type.Optional(Type.Boolean()),
                },
                open,
              ),
            ),
          ),
        },
        open,
      ),
    },
    open,
  ),
  'threads.retry_after_item': Type.Object({ thread_id, item_id: Id }, open),
  'threads.custom_action': Type.Object({ thread_id, item_id: Type.Optional(nullable(Id)), action: Action }, open),
  'threads.sync_custom_action': Type.Object({ thread_id, item_id: Type.Optional(nullable(Id)), action: Action }, open),
  'threads.get_by_id': Type.Object({ thread_id }, open),
  'threads.list': Type.Object(Page, open),
  'threads.update': Type.Object({ thread_id, title: Type.String({ maxLength: 200 }) }, open),
  'threads.delete': Type.Object({ thread_id }, open),
  'items.list': Type.Object({ thread_id, ...Page }, open),
  'items.feedback': Type.Object(
    { thread_id, item_ids: Type.Array(Id, { maxItems: 200 }), kind: words(['positive', 'negative']) },
    open,
  ),
  'attachments.create': Type.Object(
    {
      name: Type.String({ minLength: 1, maxLength: 255 }),
      size: Type.Integer({ minimum: 0 }),
      mime_type: Type.String({ minLength: 1, maxLength: 200 }),
    },
    open,
  ),
  'attachments.delete': Type.Object({ attachment_id: Id }, open),
  'input.transcribe': Type.Object(
    { audio_base64: Type.String({ minLength: 1 }), mime_type: Type.String({ minLength: 1, maxLength: 200 }) },
    open,
  ),
} as const;

export type OperationName = keyof typeof params;
export const OPERATION_NAMES: readonly string[] = Object.keys(params);
export type ParamsOf<Name extends OperationName> = Static<(typeof params)[Name]>;
export type Operation = { [Name in OperationName]: { type: Name; params: ParamsOf<Name> } }[OperationName];

const TAKES_NO_PARAMS: ReadonlySet<string> = new Set<OperationName>(['threads.list']);

const EXAMPLE = {
  type: 'threads.create',
  params: {
    input: { content: [{ type: 'input_text', text: 'What is Parley?' }], attachments: [], inference_options: {} },
  },
};

export const ChatkitRequest = Type.Unsafe<Operation>({
  type: 'object',
  title: 'ChatKitRequest',
  required: ['type'],
  discriminator: { propertyName: 'type' },
  oneOf: Object.entries(params).map(([type, schema]) =>
    Type.Object({ type: Type.Literal(type), params: TAKES_NO_PARAMS.has(type) ? Type.Optional(schema) : schema }, open),
  ),
  examples: [EXAMPLE, { type: 'threads.list', params: { limit: 20 } }],
} as TSchema);

export type StreamingName = Extract<
  OperationName,
  | 'threads.create'
  | 'threads.add_user_message'
  | 'threads.add_client_tool_output'
  | 'threads.add_structured_input'
  | 'threads.retry_after_item'
  | 'threads.custom_action'
>;
const STREAMING: ReadonlySet<string> = new Set<StreamingName>([
  'threads.create',
  'threads.add_user_message',
  'threads.add_client_tool_output',
  'threads.add_structured_input',
  'threads.retry_after_item',
  'threads.custom_action',
]);

export type StreamingOperation = Extract<Operation, { type: StreamingName }>;
export type JsonOperation = Exclude<Operation, { type: StreamingName }>;

export function isStreaming(operation: Operation): operation is StreamingOperation {
  return STREAMING.has(operation.type);
}

/** Whether a request asks the model something, and so counts as a run. */
export function asksModel(body: unknown): boolean {
  return STREAMING.has((body as { type?: string } | null)?.type ?? '');
}
