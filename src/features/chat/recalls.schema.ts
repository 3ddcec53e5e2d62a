import { Type } from 'typebox';
import { pageQuery } from '../../platform/http/pagination.ts';
import { nullable, words } from '../../platform/http/schema.ts';

const closed = { additionalProperties: false };
const Id = Type.String({ format: 'uuid' });

const RecalledItem = Type.Object(
  {
    kind: words(['memory', 'fact']),
    message_id: nullable(Id, {
      description: 'The memory that it is, or that the fact was drawn from; null for a fact that was written down.',
    }),
    content: Type.String(),
    role: words(['user', 'assistant', 'system']),
    created_at: Type.String({ format: 'date-time' }),
    score: Type.Number({ description: 'How well it fits, 0 to 1.' }),
  },
  { title: 'RecalledItem' },
);

const RunRecall = Type.Object(
  {
    run_id: Id,
    items: Type.Array(RecalledItem),
    forgotten: nullable(Type.String(), {
      description: 'What was forgotten because the question asked for it, in words for the person.',
    }),
  },
  { title: 'RunRecall' },
);

export const RecallPage = Type.Object({ data: Type.Array(RunRecall), next_cursor: nullable(Type.String()) });
export const RecallQuery = Type.Object({ ...pageQuery, cursor: Type.Optional(Id) }, closed);
