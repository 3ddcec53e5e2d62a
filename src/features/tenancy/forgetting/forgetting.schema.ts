import { type Static, Type } from 'typebox';
import { pageQuery } from '../../../platform/http/pagination.ts';
import { nullable, words } from '../../../platform/http/schema.ts';
import { REQUESTABLE_KINDS, TARGET_KINDS } from './forgetter.ts';
import type { ForgettingRow } from './forgetting.store.ts';

const closed = { additionalProperties: false } as const;
const Id = Type.String({ format: 'uuid' });
const Time = Type.String({ format: 'date-time' });
const Counts = Type.Record(Type.String(), Type.Integer(), { description: 'How many of what.' });

export const NewForgetting = Type.Object(
  {
    kind: words(REQUESTABLE_KINDS, {
      description:
        'What it is. A subject is an end user that my program speaks for; memories are all memories and facts of mine, or with an id of that user, whose chats stay; a user is all that somebody said and stored in this tenant.',
    }),
    id: Type.Optional(Id),
    subject: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'For kind subject: as the program calls the person.' }),
    ),
    dry_run: Type.Optional(Type.Boolean({ description: 'Counts what there is and forgets nothing.', default: false })),
  },
  closed,
);
export type NewForgetting = Static<typeof NewForgetting>;

export const Receipt = Type.Object(
  {
    id: Id,
    tenant_id: Id,
    kind: words(TARGET_KINDS),
    target: Type.String(),
    requested_by: nullable(Id),
    requested_at: Time,
    forgotten_at: Time,
    counts: Counts,
    total: Type.Integer(),
    swept_together: nullable(Type.Object({ requests: Type.Integer(), counts: Counts }, closed), {
      description: 'What one look through files, events and kept answers removed for several requests together.',
    }),
    kept: Type.Array(Type.String(), { description: 'What stays, in words.' }),
  },
  closed,
);

export const ForgettingView = Type.Object(
  {
    id: nullable(Id, { description: 'Null for a dry run.' }),
    kind: words(TARGET_KINDS),
    target: Type.String({
      description: 'Whose or which: an id, and for a subject the user’s id, a slash and its name.',
    }),
    status: words(['planned', 'running', 'completed']),
    planned: Counts,
    done: Counts,
    receipt: nullable(Receipt),
    signature: nullable(
      Type.String({ description: 'HMAC-SHA256 by which this installation knows the receipt again.' }),
    ),
    created_at: Time,
    ended_at: nullable(Time),
  },
  closed,
);
export type ForgettingView = Static<typeof ForgettingView>;
export const ForgettingPage = Type.Object(
  { data: Type.Array(ForgettingView), next_cursor: nullable(Type.String()) },
  closed,
);
export const ListQuery = Type.Object(pageQuery, closed);
export const Params = Type.Object({ id: Id }, closed);

export const SignedReceipt = Type.Object(
  {
    receipt: Type.Record(Type.String(), Type.Unknown(), { description: 'As it was given, field by field.' }),
    signature: Type.String({ maxLength: 200 }),
  },
  closed,
);
export const Verdict = Type.Object({ genuine: Type.Boolean() }, closed);

export function presentForgetting(row: ForgettingRow): ForgettingView {
  const { id, kind, target, status, planned, done, receipt, signature } = row;
  return {
    id,
    kind,
    target,
    status,
    planned: { ...planned },
    done: { ...done },
    receipt: receipt && { ...receipt, counts: { ...receipt.counts }, kept: [...receipt.kept] },
    signature,
    created_at: row.created_at.toISOString(),
    ended_at: row.ended_at?.toISOString() ?? null,
  };
}
