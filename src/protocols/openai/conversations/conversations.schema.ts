import { type Static, Type } from 'typebox';
import { nullable } from '../../../platform/http/schema.ts';
import { InputItem, Metadata } from '../responses/responses.schema.ts';

const open = { additionalProperties: true };
/** OpenAI's limit for one request. */
const MOST_ITEMS = 20;

export const ConversationBody = Type.Object(
  {
    metadata: Type.Optional(nullable(Metadata)),
    items: Type.Optional(nullable(Type.Array(InputItem, { maxItems: MOST_ITEMS }))),
  },
  { ...open, title: 'ConversationRequest' },
);

export const ConversationChange = Type.Object({ metadata: nullable(Metadata) }, open);

export const NewItems = Type.Object({ items: Type.Array(InputItem, { minItems: 1, maxItems: MOST_ITEMS }) }, open);
export type NewItems = Static<typeof NewItems>;

const Id = Type.String({ maxLength: 100 });
export const ConversationParams = Type.Object({ id: Id });
export const ItemParams = Type.Object({ id: Id, item_id: Id });
