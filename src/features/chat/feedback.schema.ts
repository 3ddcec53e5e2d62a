import { type Static, Type } from 'typebox';
import { pageQuery } from '../../platform/http/pagination.ts';
import { nullable, words } from '../../platform/http/schema.ts';

const closed = { additionalProperties: false };
const Id = Type.String({ format: 'uuid' });
const Rating = words(['positive', 'negative']);

export const NewFeedback = Type.Object(
  { message_ids: Type.Array(Id, { minItems: 1, maxItems: 100 }), rating: Rating },
  { ...closed, examples: [{ message_ids: ['01990000-0000-7000-8000-000000000003'], rating: 'positive' }] },
);

export const FeedbackView = Type.Object(
  {
    message_id: Id,
    session_id: Id,
    user_id: Id,
    rating: Rating,
    updated_at: Type.String({ format: 'date-time' }),
  },
  { title: 'Feedback' },
);
export type FeedbackView = Static<typeof FeedbackView>;

export const SessionFeedback = Type.Object({ data: Type.Array(FeedbackView) });
export const FeedbackPage = Type.Object({
  data: Type.Array(FeedbackView),
  next_cursor: nullable(Type.String(), { description: 'Null on the last page.' }),
});
export const FeedbackQuery = Type.Object({ ...pageQuery, rating: Type.Optional(Rating) }, closed);
