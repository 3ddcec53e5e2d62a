import { type Static, type TSchema, Type } from 'typebox';

const Params = { id: Type.String({ maxLength: 100, description: 'Id of the session.' }) };
export const SessionParams = Type.Object(Params);
export const ThreadParams = Type.Object({
  ...Params,
  thread_id: Type.String({ maxLength: 100, description: 'Id of the thread: the session’s.' }),
});

/** Nothing, or an empty object. */
export const EmptyBody = Type.Unsafe<Record<string, never> | null>({
  ...Type.Object({}, { additionalProperties: false }),
  nullable: true,
} as TSchema);

export const NewRunBody = Type.Object(
  {
    message: Type.Object(
      {
        role: Type.Literal('user'),
        content: Type.Array(
          Type.Object(
            { type: Type.Literal('input_text'), text: Type.String({ description: '500 characters at most.' }) },
            { additionalProperties: false },
          ),
          { minItems: 1, maxItems: 50 },
        ),
      },
      { additionalProperties: false },
    ),
  },
  {
    additionalProperties: false,
    title: 'ChatKitRun',
    examples: [{ message: { role: 'user', content: [{ type: 'input_text', text: 'What is Parley?' }] } }],
  },
);
export type NewRunBody = Static<typeof NewRunBody>;

function envelope<Data extends TSchema>(data: Data) {
  return Type.Object({ success: Type.Literal(true), data });
}

const Id = Type.String({ format: 'uuid' });
const Time = Type.String({ format: 'date-time' });

export const CreatedSession = envelope(Type.Object({ id: Id, user_id: Id, created_at: Time }));
export const CreatedThread = envelope(Type.Object({ id: Id, session_id: Id, created_at: Time }));
export const SessionList = Type.Object({
  success: Type.Literal(true),
  data: Type.Array(
    Type.Object({
      id: Id,
      user_id: Id,
      title: Type.String(),
      created_at: Time,
      updated_at: Time,
      message_count: Type.Integer(),
    }),
  ),
  meta: Type.Object({ total: Type.Integer({ description: 'All sessions, also those that are not in the answer.' }) }),
});
export const SessionDetail = envelope(
  Type.Object({
    id: Id,
    user_id: Id,
    title: Type.String(),
    created_at: Time,
    updated_at: Time,
    messages: Type.Array(
      Type.Object({
        id: Id,
        role: Type.String(),
        content: Type.String(),
        tool_calls: Type.Optional(
          Type.Array(
            Type.Object({
              name: Type.String(),
              arguments: Type.Unknown(),
              result: Type.Optional(Type.Unknown()),
              error: Type.Optional(Type.String()),
            }),
          ),
        ),
        created_at: Time,
      }),
    ),
  }),
);
export const DeletedSession = envelope(Type.Object({ id: Id, session_id: Id, deleted: Type.Literal(true) }));
