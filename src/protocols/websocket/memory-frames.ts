import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false };
const Subject = Type.String({ minLength: 1, maxLength: 200 });
const Conversation = Type.String({ minLength: 1, maxLength: 128 });

const SubscribeFrame = Type.Object(
  {
    type: Type.Literal('subscribe'),
    subject: Type.Optional(Subject),
    conversation_id: Type.Optional(Conversation),
    /** The last place that the client knows: what came behind it is told first. */
    after: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  closed,
);
const UnsubscribeFrame = Type.Object(
  { type: Type.Literal('unsubscribe'), subscription: Type.Integer({ minimum: 1 }) },
  closed,
);
const SearchFrame = Type.Object(
  {
    type: Type.Optional(Type.Literal('search')),
    /** Comes back with the results. */
    id: Type.Optional(Type.Union([Type.String({ maxLength: 100 }), Type.Integer()])),
    query: Type.String({ minLength: 1, maxLength: 2_000, pattern: '\\S' }),
    top_k: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    subject: Type.Optional(Subject),
    conversation_id: Type.Optional(Conversation),
    importance_min: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  },
  closed,
);
const PingFrame = Type.Object({ type: Type.Literal('ping') }, closed);

/** The schema of each frame that a client may send, by its `type`; a frame without one is a search. */
export const memoryFrames = {
  subscribe: SubscribeFrame,
  unsubscribe: UnsubscribeFrame,
  search: SearchFrame,
  ping: PingFrame,
};

export type MemoryFrame =
  | ({ kind: 'subscribe' } & Omit<Static<typeof SubscribeFrame>, 'type'>)
  | ({ kind: 'unsubscribe' } & Omit<Static<typeof UnsubscribeFrame>, 'type'>)
  | ({ kind: 'search' } & Omit<Static<typeof SearchFrame>, 'type'>)
  | { kind: 'ping' };
