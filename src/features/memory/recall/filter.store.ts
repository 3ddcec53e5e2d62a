import { type RawBuilder, sql } from 'kysely';

/** What a memory must be to be recalled. Archived ones never are. */
export type RecallFilter = {
  conversationId?: string | undefined;
  sessionId?: string | undefined;
  /** Not what was said there. */
  exceptSessionId?: string | undefined;
  roles?: readonly string[] | undefined;
  /** Said at or after, and before. */
  from?: Date | undefined;
  to?: Date | undefined;
  /** JSON containment. */
  metadata?: Readonly<Record<string, unknown>> | undefined;
  importanceMin?: number | undefined;
  /** As things stood then; unset: as they stand now. */
  asOf?: Date | undefined;
  /** Whether greetings and boilerplate are left out. */
  withoutNoise?: boolean | undefined;
};

/** Whether a row of `memory` counts as said: not where it was said on a branch that its session has turned away from. */
export const isOnCurrentBranch = (memory: string) => sql<boolean>`NOT EXISTS (
  SELECT FROM message WHERE message.id = ${sql.ref(`${memory}.message_id`)} AND NOT message.is_current)`;

/** The condition on table `memory`. */
export function matchesFilter(filter: RecallFilter): RawBuilder<boolean> {
  const conditions = [sql`NOT memory.archived`];
  if (filter.asOf === undefined) conditions.push(sql`memory.superseded_by IS NULL`);
  else {
    const { asOf } = filter;
    conditions.push(sql`memory.created_at <= ${asOf} AND memory.valid_from <= ${asOf}
      AND (memory.valid_to IS NULL OR memory.valid_to > ${asOf})`);
  }
  if (filter.conversationId !== undefined) conditions.push(sql`memory.conversation_id = ${filter.conversationId}`);
  if (filter.sessionId !== undefined) conditions.push(sql`memory.session_id = ${filter.sessionId}::uuid`);
  if (filter.exceptSessionId !== undefined) {
    conditions.push(sql`memory.session_id IS DISTINCT FROM ${filter.exceptSessionId}::uuid`);
  }
  if (filter.roles !== undefined) conditions.push(sql`memory.role = ANY(${filter.roles}::text[])`);
  if (filter.from !== undefined) conditions.push(sql`memory.created_at >= ${filter.from}`);
  if (filter.to !== undefined) conditions.push(sql`memory.created_at < ${filter.to}`);
  if (filter.metadata !== undefined) conditions.push(sql`memory.metadata @> ${JSON.stringify(filter.metadata)}::jsonb`);
  if (filter.importanceMin !== undefined) conditions.push(sql`memory.importance >= ${filter.importanceMin}`);
  if (filter.withoutNoise) conditions.push(sql`memory.noise IS NULL`);
  return sql<boolean>`(${sql.join(conditions, sql` AND `)})`;
}
