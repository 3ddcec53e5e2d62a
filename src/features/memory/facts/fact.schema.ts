import { type Static, Type } from 'typebox';
import { nullable, words } from '../../../platform/http/schema.ts';
import { Cursor, Subject } from '../memory.schema.ts';

const closed = { additionalProperties: false };
const Time = Type.String({ format: 'date-time' });
const Id = Type.String({ format: 'uuid' });
const Text = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '\\S' });

export const FactView = Type.Object(
  {
    id: Id,
    about: Type.String({ description: '`user`, or who stands to them: sister, dog.' }),
    attribute: Type.String(),
    value: Type.String(),
    sentence: Type.String({ description: 'The fact as one says it to the person.' }),
    valid_from: Time,
    valid_to: nullable(Time, { description: 'Null while it holds.' }),
    superseded_by: nullable(Id),
    origin: words(['rule', 'model', 'person'], {
      description: 'How we know: a rule, a model, or somebody wrote it down.',
    }),
    message_id: nullable(Id, { description: 'The memory that says so.' }),
    quote: nullable(Type.String(), { description: 'The sentence that says so.' }),
  },
  { title: 'Fact' },
);
export type FactView = Static<typeof FactView>;

export const FactPage = Type.Object({ data: Type.Array(FactView), next_cursor: Cursor });

export const FactQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
    cursor: Type.Optional(Id),
    subject: Type.Optional(Subject),
    attribute: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    history: Type.Optional(Type.Boolean({ default: false, description: 'Also what no longer holds.' })),
    as_of: Type.Optional(Type.String({ format: 'date-time', description: 'What held then.' })),
  },
  closed,
);
export type FactQuery = Static<typeof FactQuery>;

export const NewFact = Type.Object(
  {
    subject: Type.Optional(Subject),
    about: Type.Optional(Text(60)),
    attribute: Text(100),
    value: Text(500),
    is_single: Type.Optional(Type.Boolean({ default: true, description: 'Whether there is but one at a time.' })),
    valid_from: Type.Optional(Time),
  },
  closed,
);
export type NewFact = Static<typeof NewFact>;

export const FactChange = Type.Object({ value: Text(500) }, closed);

export const ExportQuery = Type.Object(
  { format: Type.Optional(words(['json', 'csv'], { default: 'json' })), subject: Type.Optional(Subject) },
  closed,
);

export const MemoryStats = Type.Object(
  {
    memories: Type.Integer(),
    facts: Type.Integer({ description: 'That hold now.' }),
    noise: Type.Integer({ description: 'Memories that are never put before a model.' }),
    noise_share: Type.Number({ description: 'Of all memories, 0 to 1: the junk meter.' }),
    noise_by_reason: Type.Record(Type.String(), Type.Integer()),
    duplicates: Type.Integer({ description: 'Memories whose words another one has already.' }),
    embedding: Type.Object({ pending: Type.Integer(), completed: Type.Integer(), failed: Type.Integer() }),
  },
  { title: 'MemoryStats' },
);
export type MemoryStats = Static<typeof MemoryStats>;
