import { type Static, Type } from 'typebox';
import { nullable, words } from '../../../platform/http/schema.ts';

const closed = { additionalProperties: false };
const Id = Type.String({ format: 'uuid' });
const Time = Type.String({ format: 'date-time' });
/** US dollars. Up to a million: above it, somebody wrote another unit. */
const Limit = Type.Number({ minimum: 0, maximum: 1_000_000, description: 'US dollars.' });

export const Period = words(['day', 'month'], { description: 'Of UTC.' });
export const BudgetParams = Type.Object({ id: Id }, closed);
export const GivenParams = Type.Object({ id: Id, period: Period }, closed);
export const TenantParams = Type.Object({ id: Id }, closed);

export const NewBudget = Type.Object(
  {
    scope: words(['tenant', 'user', 'key'], { description: 'Whose spending it bounds.' }),
    subject_id: Type.Optional(
      nullable(Id, { description: 'A user or an API key. Left out: each of them that has no budget of its own.' }),
    ),
    period: Period,
    limit_usd: Limit,
    hard: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'A hard one refuses calls; a soft one only tells when it is used up.',
      }),
    ),
  },
  closed,
);
export type NewBudget = Static<typeof NewBudget>;

export const BudgetChange = Type.Object({ limit_usd: Limit }, closed);

export const BudgetView = Type.Object(
  {
    id: nullable(Id, { description: 'Null for the installation’s own limit, which is a setting.' }),
    scope: words(['tenant', 'user', 'key']),
    subject_id: nullable(Id),
    period: words(['day', 'month']),
    limit_usd: Type.Number(),
    hard: Type.Boolean(),
    set_by: words(['tenant', 'operator', 'installation']),
    spent_usd: nullable(Type.Number(), { description: 'In the present period; null where it is for each of several.' }),
    reserved_usd: nullable(Type.Number(), { description: 'The highest price of the calls that are under way.' }),
    renews_at: nullable(Time),
    created_at: nullable(Time),
    updated_at: nullable(Time),
  },
  { title: 'Budget' },
);
export type BudgetView = Static<typeof BudgetView>;

export const BudgetPage = Type.Object({ data: Type.Array(BudgetView), next_cursor: nullable(Type.String()) });
