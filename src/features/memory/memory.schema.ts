import { type Static, Type } from 'typebox';
import { pageQuery } from '../../platform/http/pagination.ts';
import { nullable, words } from '../../platform/http/schema.ts';

const closed = { additionalProperties: false };
const Time = Type.String({ format: 'date-time' });
const Id = Type.String({ format: 'uuid' });

export const IdParams = Type.Object({ id: Id }, closed);
export const Cursor = nullable(Type.String(), { description: 'Null on the last page.' });

const ROLES = ['user', 'assistant', 'system'] as const;
export const SCOPES = ['private', 'shared'] as const;

export const Metadata = Type.Record(Type.String({ maxLength: 200 }), Type.Unknown(), {
  description:
    'Anything of yours: 4 levels deep, 50 keys or items in each object or list; strings are cut at 2,048 characters. Searches can be filtered by it.',
});

export const ConversationId = Type.String({
  minLength: 1,
  maxLength: 128,
  description: 'A conversation of your own program. For sessions of this server use session_id.',
});

export const Subject = Type.String({
  minLength: 1,
  maxLength: 128,
  description:
    'Whose memory it is, where your program speaks for many people: your own name for one of them. Each has a memory apart; without it, it is that of the credential’s user.',
});

const TenantId = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'Not needed: the credential says which tenant. Another one than its own is answered with 404.',
});

const Content = Type.String({ minLength: 1, maxLength: 100_000, pattern: '\\S' });
const Importance = Type.Number({ minimum: 0, maximum: 1 });

export const NewMessage = Type.Object(
  {
    session_id: Type.Optional(Id),
    conversation_id: Type.Optional(ConversationId),
    tenant_id: Type.Optional(TenantId),
    subject: Type.Optional(Subject),
    scope: Type.Optional(
      words(SCOPES, {
        default: 'private',
        description: 'private: for its user or subject alone; shared: for the tenant.',
      }),
    ),
    role: words(ROLES),
    content: Content,
    metadata: Type.Optional(Metadata),
    importance_override: Type.Optional(
      nullable(Importance, { description: 'Stands as it is, instead of what the formula gives.' }),
    ),
    created_at: Type.Optional(
      Type.String({ format: 'date-time', description: 'When it was said. Default: now. It orders turns and decays.' }),
    ),
  },
  closed,
);
export type NewMessage = Static<typeof NewMessage>;

export const MemoryView = Type.Object(
  {
    id: Id,
    session_id: nullable(Id),
    message_id: nullable(Id, { description: 'The message of our own session that it is.' }),
    conversation_id: nullable(Type.String(), { description: 'Of a session of ours: its id.' }),
    subject: nullable(Type.String()),
    scope: words(SCOPES),
    role: words(ROLES),
    content: Type.String(),
    metadata: Metadata,
    importance_score: Importance,
    importance_override: nullable(Importance),
    noise: nullable(Type.String(), {
      description: 'Why it is never put before a model: greeting, boilerplate, recalled, empty. Null for what may be.',
    }),
    embedding_status: words(['pending', 'completed', 'failed']),
    embedding_error: nullable(Type.Object({ code: Type.String(), detail: Type.String() }), {
      description: 'Why there is no vector yet. The memory is found by its words all the same.',
    }),
    archived: Type.Boolean(),
    version: Type.Integer({ description: 'Counts corrections, from 1.' }),
    created_at: Type.String({ format: 'date-time', description: 'When it was said.' }),
    remembered_at: Type.String({ format: 'date-time', description: 'When it came to memory.' }),
    updated_at: Time,
    valid_from: Time,
    valid_to: nullable(Time, { description: 'When a correction took its place; null for the current version.' }),
  },
  { title: 'Memory' },
);
export type MemoryView = Static<typeof MemoryView>;

export const MemoryPage = Type.Object({ data: Type.Array(MemoryView), next_cursor: Cursor });
export const VersionQuery = Type.Object(pageQuery, closed);

export const MessageQuery = Type.Object(
  {
    ...pageQuery,
    session_id: Type.Optional(Id),
    conversation_id: Type.Optional(ConversationId),
    subject: Type.Optional(Subject),
    scope: Type.Optional(words(SCOPES, { default: 'private' })),
  },
  closed,
);
export type MessageQuery = Static<typeof MessageQuery>;

export const MessageChange = Type.Object(
  {
    content: Type.Optional(Content),
    metadata: Type.Optional(Metadata),
    importance_override: Type.Optional(nullable(Importance)),
    archived: Type.Optional(Type.Boolean()),
  },
  { ...closed, minProperties: 1 },
);
export type MessageChange = Static<typeof MessageChange>;

const MOST_ITEMS = 100;

/** Each entry is judged by itself, so that one bad entry does not refuse the others. */
export const MessageBatch = Type.Object(
  {
    tenant_id: Type.Optional(TenantId),
    messages: Type.Array(Type.Unknown({ description: 'As the body of POST /v1/messages.' }), {
      minItems: 1,
      maxItems: MOST_ITEMS,
    }),
  },
  closed,
);

export const UpdateBatch = Type.Object(
  {
    updates: Type.Array(Type.Object({ message_id: Type.String(), update: Type.Unknown() }, closed), {
      minItems: 1,
      maxItems: MOST_ITEMS,
    }),
  },
  closed,
);

export const DeleteBatch = Type.Object(
  { message_ids: Type.Array(Type.String(), { minItems: 1, maxItems: MOST_ITEMS }) },
  closed,
);

export const BatchError = Type.Object(
  {
    message_index: Type.Integer({ description: 'Place in the request, from 0.' }),
    message_id: Type.Optional(Type.String()),
    error: Type.String(),
    code: Type.String(),
  },
  { title: 'BatchError' },
);

export const BatchView = Type.Object(
  {
    created: Type.Array(MemoryView),
    updated: Type.Array(MemoryView),
    deleted: Type.Array(Id),
    errors: Type.Array(BatchError),
    results: Type.Array(
      Type.Object({
        status: Type.Integer({ description: 'What the entry alone would have been answered with.' }),
        // As it was sent: what is no id is named, too.
        id: nullable(Type.String()),
      }),
      { description: 'One for each entry, in its order.' },
    ),
  },
  { title: 'Batch' },
);
export type BatchView = Static<typeof BatchView>;

export const ConversationView = Type.Object(
  {
    conversation_id: Type.String(),
    session_id: nullable(Id),
    message_count: Type.Integer(),
    last_message_at: Time,
  },
  { title: 'RememberedConversation' },
);
export type ConversationView = Static<typeof ConversationView>;
export const ConversationPage = Type.Object({ data: Type.Array(ConversationView), next_cursor: Cursor });
export const ConversationQuery = Type.Object({ ...pageQuery, subject: Type.Optional(Subject) }, closed);
export type ConversationQuery = Static<typeof ConversationQuery>;
export const ConversationParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 128 }) }, closed);
export const SubjectQuery = Type.Object({ subject: Type.Optional(Subject) }, closed);

export const ConversationStats = Type.Object(
  {
    conversation_id: Type.String(),
    message_count: Type.Integer(),
    user_count: Type.Integer(),
    assistant_count: Type.Integer(),
    system_count: Type.Integer(),
    average_importance: Type.Number(),
    first_message_at: Time,
    last_message_at: Time,
  },
  { title: 'ConversationStats' },
);
export type ConversationStats = Static<typeof ConversationStats>;
