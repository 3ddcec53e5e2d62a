import { type Static, Type } from 'typebox';
import { nullable, words } from '../../platform/http/schema.ts';

const closed = { additionalProperties: false } as const;
const Time = Type.String({ format: 'date-time' });
const AREAS = ['documents', 'memory'] as const;

export const IndexView = Type.Object(
  {
    area: words(AREAS),
    embedder: Type.String({ description: '`provider/model`; each vector is stored with it.' }),
    state: words(['serving', 'complete', 'building'], {
      description: 'serving: searches use it. complete: they could. building: vectors are missing.',
    }),
    total: Type.Integer({ description: 'Different texts.' }),
    embedded: Type.Integer({ description: 'Of them with a vector.' }),
    missing: Type.Integer({ description: 'Of them whose vector is to come.' }),
    refused: Type.Integer({ description: 'Of them that the model does not take: they are found by their words.' }),
    pinned: Type.Boolean({ description: 'Chosen by a person, so that nothing switches by itself.' }),
    error: nullable(Type.Object({ code: Type.String(), detail: Type.String() }, closed)),
    switched_at: nullable(Time),
    updated_at: nullable(Time),
  },
  closed,
);
export const IndexList = Type.Object({ data: Type.Array(IndexView), next_cursor: Type.Null() }, closed);

export const ServeBody = Type.Object(
  {
    embedder: Type.String({ minLength: 1, maxLength: 300 }),
    areas: Type.Optional(Type.Array(words(AREAS), { minItems: 1, maxItems: 2, description: 'Both unless given.' })),
  },
  closed,
);
export type ServeBody = Static<typeof ServeBody>;
