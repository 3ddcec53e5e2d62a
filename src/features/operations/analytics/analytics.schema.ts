import { type Static, Type } from 'typebox';
import { nullable } from '../../../platform/http/schema.ts';

const closed = { additionalProperties: false };
const Id = Type.String({ format: 'uuid' });
const Count = Type.Integer({ minimum: 0 });
const Time = Type.String({ format: 'date-time' });
const WholeTenant = Type.Boolean({ description: 'False: your own.' });
const Importance = nullable(Type.Number(), { description: '0 to 1, of what is remembered; null where nothing is.' });

export const AnalyticsUsage = Type.Object(
  {
    whole_tenant: WholeTenant,
    messages: Count,
    messages_today: Type.Integer({ description: 'Since midnight, UTC.' }),
    messages_last_7_days: Count,
    messages_last_30_days: Count,
    sessions: Count,
    sessions_active: Type.Integer({ description: 'With a message in the last 30 days.' }),
    runs: Type.Object({ completed: Count, failed: Count, cancelled: Count, unfinished: Count }),
    memories: Count,
    avg_importance: Importance,
  },
  { title: 'AnalyticsUsage' },
);
export type AnalyticsUsage = Static<typeof AnalyticsUsage>;

export const TrendQuery = Type.Object(
  { days: Type.Optional(Type.Integer({ minimum: 1, maximum: 365, default: 30 })) },
  closed,
);
export const Trends = Type.Object(
  {
    whole_tenant: WholeTenant,
    data: Type.Array(
      Type.Object({
        date: Type.String({ format: 'date' }),
        count: Count,
        role_breakdown: Type.Record(Type.String(), Count),
      }),
    ),
    next_cursor: Type.Null(),
  },
  { title: 'Trends' },
);
export type Trends = Static<typeof Trends>;

export const TopQuery = Type.Object(
  { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })) },
  closed,
);
export const TopSessions = Type.Object(
  {
    whole_tenant: WholeTenant,
    data: Type.Array(
      Type.Object({
        session_id: Id,
        user_id: Id,
        title: nullable(Type.String(), { description: 'Of your own sessions only: titles are content.' }),
        message_count: Count,
        last_activity: Time,
        cost_usd: Type.Number({ description: 'Of the runs of the session; 0 where none has a price.' }),
        avg_importance: Importance,
      }),
    ),
    next_cursor: Type.Null(),
  },
  { title: 'TopSessions' },
);
export type TopSessions = Static<typeof TopSessions>;

export const EmbeddingStates = Type.Object(
  {
    whole_tenant: WholeTenant,
    total: Count,
    completed: Count,
    pending: Count,
    failed: Count,
    success_rate: nullable(Type.Number(), { description: 'Percent of those that came to an end; null when none has.' }),
  },
  { title: 'EmbeddingStates' },
);
export type EmbeddingStates = Static<typeof EmbeddingStates>;

export const TenantActivity = Type.Object(
  {
    data: Type.Array(
      Type.Object({
        tenant_id: Id,
        slug: Type.String(),
        messages: Count,
        sessions: Count,
        storage_bytes: Type.Integer({ description: 'Of all its tables and their indexes.' }),
        last_activity: nullable(Time),
      }),
    ),
    next_cursor: nullable(Type.String()),
  },
  { title: 'TenantActivity' },
);
