import { type Static, Type } from 'typebox';
import { nullable } from '../../../platform/http/schema.ts';

const closed = { additionalProperties: false };
const Id = Type.String({ format: 'uuid' });
const Day = Type.String({ format: 'date', description: 'A day of UTC.' });

const range = {
  from: Type.Optional(
    Type.String({ format: 'date', description: 'First day, UTC. Default: the first of this month.' }),
  ),
  to: Type.Optional(
    Type.String({ format: 'date', description: 'Last day, UTC. Default: today. At most 366 days in all.' }),
  ),
};

export const GROUPS = ['day', 'model', 'user', 'key', 'purpose'] as const;
export type Group = (typeof GROUPS)[number];

export const UsageQuery = Type.Object(
  {
    ...range,
    group_by: Type.Optional(
      Type.String({
        pattern: `^(${GROUPS.join('|')})(,(${GROUPS.join('|')}))*$`,
        default: 'day',
        description: 'Any of day, model, user, key and purpose, joined by commas.',
      }),
    ),
    user_id: Type.Optional(Id),
    api_key_id: Type.Optional(Id),
    model: Type.Optional(Type.String({ maxLength: 300 })),
  },
  closed,
);
export type UsageQuery = Static<typeof UsageQuery>;
export const RangeQuery = Type.Object(range, closed);
export type RangeQuery = Static<typeof RangeQuery>;

const sums = {
  calls: Type.Integer({ description: 'Requests to models of providers; the built-in model makes none.' }),
  input_tokens: Type.Integer(),
  cached_input_tokens: Type.Integer({ description: 'Those of the input that the provider had cached.' }),
  output_tokens: Type.Integer(),
  cost_usd: Type.Number({ description: 'Of the calls that have a price.' }),
  own_keys_cost_usd: Type.Number({
    description: 'What of it was paid with the tenant’s own keys. No budget that was given to the tenant counts it.',
  }),
  unpriced_calls: Type.Integer({
    description: 'Calls whose price was not known, and which were allowed all the same.',
  }),
  estimated_calls: Type.Integer({
    description: 'Calls whose tokens nobody counted: they were cut off, or the provider is silent.',
  }),
};

export const UsageRow = Type.Object({
  day: Type.Optional(Day),
  model: Type.Optional(Type.String()),
  user_id: Type.Optional(nullable(Id)),
  api_key_id: Type.Optional(nullable(Id)),
  purpose: Type.Optional(Type.String()),
  ...sums,
});

export const UsageReport = Type.Object(
  {
    from: Day,
    to: Day,
    whole_tenant: Type.Boolean({ description: 'False: what you yourself used.' }),
    data: Type.Array(UsageRow),
    total: Type.Object(sums),
    next_cursor: Type.Null({ description: 'The report is one page.' }),
  },
  { title: 'Usage' },
);
export type UsageReport = Static<typeof UsageReport>;

export const InstallationUsage = Type.Object(
  {
    from: Day,
    to: Day,
    data: Type.Array(
      Type.Object({
        tenant_id: Id,
        slug: nullable(Type.String(), { description: 'Null: the tenant is gone.' }),
        ...sums,
      }),
    ),
    total: Type.Object(sums),
    next_cursor: Type.Null(),
  },
  { title: 'InstallationUsage' },
);
export type InstallationUsage = Static<typeof InstallationUsage>;
