import { type Static, Type } from 'typebox';
import { pageQuery } from '../../../platform/http/pagination.ts';
import { nullable, words } from '../../../platform/http/schema.ts';
import { Cursor } from '../memory.schema.ts';

const closed = { additionalProperties: false };
const Time = Type.String({ format: 'date-time' });
const Id = Type.String({ format: 'uuid' });
const Days = Type.Integer({ minimum: 1, maximum: 3650 });
const Share = Type.Number({ minimum: 0, maximum: 1 });
const Count = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });

export const RETENTION_ACTIONS = ['archive', 'delete', 'move_to_cold_storage'] as const;
export const RULE_TYPES = ['age', 'importance', 'conversation_age', 'max_items', 'custom'] as const;
export type RetentionAction = (typeof RETENTION_ACTIONS)[number];
export type RuleType = (typeof RULE_TYPES)[number];

const policyFields = {
  enabled: Type.Boolean({
    description:
      'Whether it is applied by itself, once a day. Off until an admin turns it on: what people said is not deleted because nobody decided.',
  }),
  max_age_days: nullable(Days, { description: 'Older memories are archived; null: age alone archives none.' }),
  importance_threshold: nullable(Share, {
    description: 'Memories of this importance or less are archived; null: none.',
  }),
  max_items: nullable(Count, {
    description: 'Of each memory space the oldest beyond this number are archived; null: none.',
  }),
  delete_after_days: nullable(Days, {
    description: 'What has been in the archive for so long is deleted; null: never.',
  }),
};

export const RetentionPolicy = Type.Object(
  { ...policyFields, is_default: Type.Boolean(), updated_at: nullable(Time) },
  closed,
);
export type RetentionPolicy = Static<typeof RetentionPolicy>;
export const PolicyChange = Type.Partial(Type.Object(policyFields, closed), closed);
export type PolicyChange = Static<typeof PolicyChange>;

export const RuleConditions = Type.Object(
  {
    days: Type.Optional(Days),
    importance_threshold: Type.Optional(Share),
    max_items: Type.Optional(Count),
    role: Type.Optional(words(['user', 'assistant', 'system'] as const)),
    min_importance: Type.Optional(Share),
    max_importance: Type.Optional(Share),
    older_than_days: Type.Optional(Days),
    metadata: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  {
    ...closed,
    description:
      'age: days (30). importance: importance_threshold (0.3). conversation_age: days since the last memory of the conversation (90). max_items: max_items of each memory space (1000). custom: at least one of role, min_importance, max_importance, older_than_days, metadata; all must hold.',
  },
);
export type RuleConditions = Static<typeof RuleConditions>;

const ruleFields = {
  name: Type.String({ minLength: 1, maxLength: 255, pattern: '\\S' }),
  description: Type.Optional(nullable(Type.String({ maxLength: 1000 }))),
  rule_type: words(RULE_TYPES),
  conditions: Type.Optional(RuleConditions),
  action: words(RETENTION_ACTIONS),
  priority: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Lower comes first.' })),
  enabled: Type.Optional(Type.Boolean({ default: true })),
};
export const NewRule = Type.Object(ruleFields, closed);
export type NewRule = Static<typeof NewRule>;
export const RuleChange = Type.Partial(Type.Object(ruleFields, closed), closed);
export type RuleChange = Static<typeof RuleChange>;

export const RetentionRule = Type.Object(
  {
    id: Id,
    name: Type.String(),
    description: nullable(Type.String()),
    rule_type: words(RULE_TYPES),
    conditions: RuleConditions,
    action: words(RETENTION_ACTIONS),
    priority: Type.Integer(),
    enabled: Type.Boolean(),
    last_applied_at: nullable(Time),
    created_at: Time,
    updated_at: Time,
  },
  closed,
);
export type RetentionRule = Static<typeof RetentionRule>;
export const RuleList = Type.Object({ data: Type.Array(RetentionRule), next_cursor: Cursor }, closed);
export const RuleQuery = Type.Object({ enabled_only: Type.Optional(Type.Boolean({ default: false })) }, closed);

const Counts = Type.Object(
  { archived: Type.Integer(), deleted: Type.Integer(), moved_to_cold_storage: Type.Integer() },
  { ...closed, description: 'Memories; each is counted once, whatever versions it has.' },
);
export type RetentionCounts = Static<typeof Counts>;

export const RetentionRun = Type.Object(
  {
    id: Id,
    cause: words(['schedule', 'request'] as const),
    dry_run: Type.Boolean(),
    actions: Type.Array(words(RETENTION_ACTIONS)),
    status: words(['running', 'completed', 'failed'] as const),
    planned: Counts,
    done: Counts,
    rules_applied: Type.Array(
      Type.Object(
        {
          rule_id: nullable(Id, { description: 'Null: the policy.' }),
          name: Type.String(),
          action: words(RETENTION_ACTIONS),
          memories: Type.Integer(),
        },
        closed,
      ),
      { description: 'What the plan has of each rule, in the order in which they applied.' },
    ),
    error: nullable(Type.Object({ code: Type.String(), detail: Type.String() }, closed)),
    started_by: nullable(Id),
    created_at: Time,
    ended_at: nullable(Time),
    execution_time_seconds: nullable(Type.Number()),
  },
  closed,
);
export type RetentionRun = Static<typeof RetentionRun>;
export const RunPage = Type.Object({ data: Type.Array(RetentionRun), next_cursor: Cursor }, closed);
export const RunQuery = Type.Object(pageQuery, closed);
export const IdParams = Type.Object({ id: Id }, closed);
export type IdParams = Static<typeof IdParams>;

export const RunRequest = Type.Object(
  {
    actions: Type.Optional(
      Type.Array(words(RETENTION_ACTIONS), { minItems: 1, uniqueItems: true, description: 'Without it: all of them.' }),
    ),
    dry_run: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Tells what would be done and does nothing; the counts are those that the real run then has.',
      }),
    ),
  },
  closed,
);
export type RunRequest = Static<typeof RunRequest>;
