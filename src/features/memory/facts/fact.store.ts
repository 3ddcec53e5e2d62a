import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { FactOrigin } from '../../../platform/database/schema/memory-tables.ts';
import { newId } from '../../../platform/id.ts';
import { isOnCurrentBranch } from '../recall/filter.store.ts';

export type NewFact = {
  spaceId: number;
  subject: string;
  attribute: string;
  value: string;
  valueKey: string;
  isSingle: boolean;
  validFrom: Date;
  origin: FactOrigin;
  memoryNumber: number | null;
  quote: string | null;
};

export type FactRow = {
  id: string;
  space_id: number;
  user_id: string | null;
  space_subject: string;
  subject: string;
  attribute: string;
  value: string;
  value_key: string;
  is_single: boolean;
  valid_from: Date;
  valid_to: Date | null;
  superseded_by: string | null;
  origin: FactOrigin;
  message_id: string | null;
  memory_number: number | null;
  quote: string | null;
  created_at: Date;
};

const COLUMNS = sql`
  fact.id, fact.space_id, memory_space.user_id, memory_space.subject AS space_subject, fact.subject, fact.attribute,
  fact.value, fact.value_key, fact.is_single, fact.valid_from, fact.valid_to, fact.superseded_by, fact.origin,
  coalesce(memory.superseded_by, memory.id) AS message_id, fact.memory_number, fact.quote, fact.created_at`;
const JOINED = sql`
  memory_fact AS fact
  JOIN memory_space ON memory_space.id = fact.space_id
  LEFT JOIN memory ON memory.number = fact.memory_number`;

/**
 * Puts a fact in its place in time: the one before it ends where it begins, and it ends where the next begins, whichever
 * was learned first. The same value again changes nothing. Returns the id of the fact that counts from its time on.
 */
export async function insertFact(trx: TenantTransaction, fact: NewFact): Promise<string> {
  // One writer at a time for each attribute: two that supersede the same fact would leave two current ones.
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`${fact.spaceId} ${fact.subject} ${fact.attribute}`}, 50))`.execute(
    trx,
  );
  const { rows: chain } = await sql<{ id: string; value_key: string; valid_from: Date; valid_to: Date | null }>`
    SELECT id, value_key, valid_from, valid_to FROM memory_fact
    WHERE space_id = ${fact.spaceId} AND subject = ${fact.subject} AND attribute = ${fact.attribute}
      AND (${fact.isSingle} OR value_key = ${fact.valueKey})
    ORDER BY valid_from, created_at`.execute(trx);
  const before = chain.findLast(({ valid_from }) => valid_from <= fact.validFrom);
  const next = chain.find(({ valid_from }) => valid_from > fact.validFrom);
  const holds = before && (before.valid_to === null || before.valid_to > fact.validFrom);
  if (before && holds && before.value_key === fact.valueKey) return before.id;
  const id = newId();
  if (before && holds) {
    await sql`
      UPDATE memory_fact SET valid_to = ${fact.validFrom}, superseded_by = ${id}::uuid
      WHERE id = ${before.id}::uuid`.execute(trx);
  }
  await sql`
    INSERT INTO memory_fact (id, space_id, subject, attribute, value, value_key, is_single, valid_from, valid_to,
      superseded_by, origin, memory_number, quote)
    VALUES (${id}::uuid, ${fact.spaceId}, ${fact.subject}, ${fact.attribute}, ${fact.value}, ${fact.valueKey},
      ${fact.isSingle}, ${fact.validFrom}, ${next?.valid_from ?? null}::timestamptz, ${next?.id ?? null}::uuid,
      ${fact.origin}, ${fact.memoryNumber}, ${fact.quote})`.execute(trx);
  return id;
}

/** Ends a fact that no longer holds, without one that takes its place. */
export async function endFacts(
  trx: TenantTransaction,
  spaceId: number,
  { subject, attribute, valueKey }: { subject: string; attribute: string; valueKey: string },
  at: Date,
): Promise<void> {
  await sql`
    UPDATE memory_fact SET valid_to = greatest(${at}, valid_from)
    WHERE space_id = ${spaceId} AND subject = ${subject} AND attribute = ${attribute} AND value_key = ${valueKey}
      AND valid_to IS NULL AND valid_from <= ${at}`.execute(trx);
}

/** Ends the facts of a version that was corrected. */
export async function endFactsOf(trx: TenantTransaction, memoryNumber: number, at: Date): Promise<void> {
  await sql`
    UPDATE memory_fact SET valid_to = greatest(${at}, valid_from)
    WHERE memory_number = ${memoryNumber} AND valid_to IS NULL`.execute(trx);
}

/** The current facts whose value is this one. */
export async function findByValue(trx: TenantTransaction, spaceId: number, valueKey: string): Promise<FactRow[]> {
  const { rows } = await sql<FactRow>`
    SELECT ${COLUMNS} FROM ${JOINED}
    WHERE fact.space_id = ${spaceId} AND fact.value_key = ${valueKey} AND fact.valid_to IS NULL`.execute(trx);
  return rows;
}

export async function findFact(trx: TenantTransaction, id: string): Promise<FactRow | undefined> {
  const { rows } = await sql<FactRow>`SELECT ${COLUMNS} FROM ${JOINED} WHERE fact.id = ${id}::uuid`.execute(trx);
  return rows[0];
}

type Link = { id: string; valid_to: Date | null; superseded_by: string | null };

/** Deletes facts. What one of them had taken the place of holds again, until the next. Returns how many. */
export async function deleteFacts(trx: TenantTransaction, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const { rows: gone } = await sql<Link & { valid_from: Date }>`
    DELETE FROM memory_fact WHERE id = ANY(${ids}::uuid[])
    RETURNING id, valid_from, valid_to, superseded_by`.execute(trx);
  const newestFirst = gone.sort((a, b) => b.valid_from.getTime() - a.valid_from.getTime());
  for (const { id, valid_to, superseded_by } of newestFirst) {
    for (const before of newestFirst.filter((other) => other.superseded_by === id)) {
      Object.assign(before, { valid_to, superseded_by });
    }
    await sql`
      UPDATE memory_fact SET valid_to = ${valid_to}::timestamptz, superseded_by = ${superseded_by}::uuid
      WHERE superseded_by = ${id}::uuid`.execute(trx);
  }
  return gone.length;
}

/** Deletes the facts that were drawn from these memories. */
export async function deleteFactsOf(trx: TenantTransaction, memoryNumbers: readonly number[]): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM memory_fact WHERE memory_number = ANY(${memoryNumbers}::bigint[])`.execute(trx);
  return deleteFacts(
    trx,
    rows.map(({ id }) => id),
  );
}

export type FactScope = {
  owners: readonly { userId: string | null; subject: string }[];
  /** Facts that hold at this time; null: those of all times. */
  at: Date | null;
  attribute?: string | undefined;
  limit: number;
  after?: string | null;
};

/** Facts of some spaces, by subject and attribute, the newest of each first. */
export async function listFacts(trx: TenantTransaction, scope: FactScope): Promise<FactRow[]> {
  const { owners, at, attribute, limit } = scope;
  const { rows } = await sql<FactRow>`
    SELECT ${COLUMNS} FROM ${JOINED}
    JOIN unnest(${owners.map(({ userId }) => userId)}::uuid[], ${owners.map(({ subject }) => subject)}::text[])
      AS owner (user_id, subject)
      ON memory_space.user_id IS NOT DISTINCT FROM owner.user_id AND memory_space.subject = owner.subject
    WHERE (${at}::timestamptz IS NULL
        OR (fact.valid_from <= ${at} AND (fact.valid_to IS NULL OR fact.valid_to > ${at})))
      AND (${attribute ?? null}::text IS NULL OR fact.attribute = ${attribute ?? null})
      AND (${scope.after ?? null}::uuid IS NULL OR fact.id < ${scope.after ?? null}::uuid)
      AND ${isOnCurrentBranch('memory')}
    ORDER BY fact.id DESC
    LIMIT ${limit}`.execute(trx);
  return rows;
}
