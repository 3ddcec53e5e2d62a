import { type Static, Type } from 'typebox';
import { nullable, words } from '../../../platform/http/schema.ts';
import { ConversationId, Metadata, Subject } from '../memory.schema.ts';

const closed = { additionalProperties: false };
const Time = Type.String({ format: 'date-time' });
const Id = Type.String({ format: 'uuid' });
const Role = words(['user', 'assistant', 'system']);

const given = {
  query: Type.String({ minLength: 1, maxLength: 10_000, pattern: '\\S' }),
  conversation_id: Type.Optional(ConversationId),
  session_id: Type.Optional(Id),
  subject: Type.Optional(Subject),
  tenant_id: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  scope: Type.Optional(
    words(['all', 'private', 'shared'], {
      default: 'all',
      description: 'all: one’s own, and what the tenant shares.',
    }),
  ),
  role: Type.Optional(Role),
  top_k: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 5 })),
  importance_min: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  from: Type.Optional(Type.String({ format: 'date-time', description: 'Said at or after this time.' })),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'Said before this time.' })),
  as_of: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'What memory would have said then: versions, facts and ages of that time.',
    }),
  ),
  budget_tokens: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100_000,
      description: 'Packs the best that fit, a token being about 4 characters; what says the same comes once.',
    }),
  ),
  explain: Type.Optional(Type.Boolean({ default: false, description: 'Shows every component of each score.' })),
  candidate_limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: 'Taken for older clients; the search sets its own.' }),
  ),
};

export const RecallQueryString = Type.Object(given, closed);
export const RecallBody = Type.Object({ ...given, metadata: Type.Optional(Metadata) }, closed);
export type RecallBody = Static<typeof RecallBody>;

const Explanation = Type.Object(
  {
    weights: Type.Object({ similarity: Type.Number(), importance: Type.Number(), decay: Type.Number() }),
    age_seconds: Type.Number(),
    time_factor: Type.Number(),
    words: Type.Number({ description: 'BM25: the sum of the terms’ scores.' }),
    role_factor: Type.Number(),
    context: Type.Number({ description: 'What the turns beside it add to words.' }),
    best_lexical: Type.Number({ description: 'The highest (words + context) · role_factor of this search.' }),
    cosine: nullable(Type.Number()),
    best_cosine: nullable(Type.Number(), { description: 'The highest of this search.' }),
    coverage: Type.Number({ description: 'Share of what the question’s words tell that the memory has.' }),
    word_count: Type.Integer(),
    average_words: Type.Number(),
    terms: Type.Array(
      Type.Object({ lexeme: Type.String(), idf: Type.Number(), frequency: Type.Integer(), score: Type.Number() }),
    ),
  },
  { title: 'RecallExplanation' },
);
export type Explanation = Static<typeof Explanation>;

export const RecallItem = Type.Object(
  {
    message_id: Id,
    score: Type.Number({ description: '0.6·similarity + 0.3·importance + 0.1·decay, by the tenant’s weights.' }),
    similarity: Type.Number(),
    decay: Type.Number({ description: 'A half after 7 days.' }),
    importance: Type.Number(),
    content: Type.String(),
    role: Role,
    scope: words(['private', 'shared']),
    session_id: nullable(Id),
    conversation_id: nullable(Type.String()),
    created_at: Time,
    metadata: Metadata,
    preceded_by: nullable(Type.Object({ role: Role, content: Type.String() }), {
      description: 'The turn before it, where the memory is too short to stand alone.',
    }),
    explanation: Type.Optional(Explanation),
  },
  { title: 'RecalledMemory' },
);
export type RecallItem = Static<typeof RecallItem>;

export const RecallView = Type.Object({
  total: Type.Integer({ description: 'Items in this answer.' }),
  items: Type.Array(RecallItem),
  mode_used: words(['hybrid', 'words'], {
    description: 'hybrid becomes words where there is no embedding model, or where it failed.',
  }),
  time: nullable(Type.Object({ from: Time, to: Time, words: Type.String() }), {
    description: 'The time that the question names; what was said in it weighs more.',
  }),
});
export type RecallView = Static<typeof RecallView>;
