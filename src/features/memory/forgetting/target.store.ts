import { type RawBuilder, sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { subjectOf, type Target } from '../../tenancy/index.ts';

/** Which memories a target is about; null where it has none. In a query of `memory` joined with `memory_space`. */
function condition({ kind, ids }: Target): RawBuilder<boolean> | null {
  if (kind === 'memory' || kind === 'moved-memory')
    return sql`memory.id = ANY(${ids}::uuid[]) OR memory.superseded_by = ANY(${ids}::uuid[])`;
  if (kind === 'message') return sql`memory.message_id = ANY(${ids}::uuid[])`;
  if (kind === 'session') return sql`memory.session_id = ANY(${ids}::uuid[])`;
  if (kind === 'user')
    return sql`memory_space.user_id = ANY(${ids}::uuid[]) OR memory.created_by = ANY(${ids}::uuid[])`;
  if (kind === 'subject') return ofSubjects(ids);
  if (kind === 'memories') return ownOf(ids);
  return null;
}

/** The users' own spaces, without those of people that their programs speak for. */
function ownOf(ids: readonly string[]): RawBuilder<boolean> {
  return sql`(memory_space.user_id = ANY(${ids}::uuid[]) AND memory_space.subject = '')`;
}

function ofSubjects(ids: readonly string[]): RawBuilder<boolean> {
  const owners = ids.map(subjectOf);
  return sql`(memory_space.user_id, memory_space.subject) IN (SELECT * FROM unnest(
    ${owners.map(({ userId }) => userId)}::uuid[], ${owners.map(({ subject }) => subject)}::text[]))`;
}

export type MemoryName = { number: number; id: string };

export async function findMemoriesOf(trx: TenantTransaction, target: Target, limit: number): Promise<MemoryName[]> {
  const found = condition(target);
  if (!found) return [];
  const { rows } = await sql<MemoryName>`
    SELECT memory.number, memory.id FROM memory JOIN memory_space ON memory_space.id = memory.space_id
    WHERE ${found} LIMIT ${limit}`.execute(trx);
  return rows;
}

export type MemoryCounts = { memories: number; memory_postings: number; memory_vectors: number; facts: number };

export async function countMemoriesOf(trx: TenantTransaction, target: Target): Promise<MemoryCounts> {
  const found = condition(target);
  if (!found) return { memories: 0, memory_postings: 0, memory_vectors: 0, facts: 0 };
  const { rows } = await sql<MemoryCounts>`
    WITH meant AS (
      SELECT memory.number, memory.content_hash, cardinality(memory.lexemes) AS postings
      FROM memory JOIN memory_space ON memory_space.id = memory.space_id WHERE ${found}
    )
    SELECT count(*) AS memories, coalesce(sum(postings), 0) AS memory_postings,
      (SELECT count(*) FROM memory_fact WHERE memory_number IN (SELECT number FROM meant)) AS facts,
      (SELECT count(*) FROM memory_embedding
        WHERE content_hash IN (SELECT content_hash FROM meant) AND NOT EXISTS (
          SELECT FROM memory WHERE memory.content_hash = memory_embedding.content_hash
            AND memory.number NOT IN (SELECT number FROM meant))) AS memory_vectors
    FROM meant`.execute(trx);
  const [row] = rows;
  return row
    ? {
        memories: Number(row.memories),
        memory_postings: Number(row.memory_postings),
        memory_vectors: Number(row.memory_vectors),
        facts: Number(row.facts),
      }
    : { memories: 0, memory_postings: 0, memory_vectors: 0, facts: 0 };
}

function spacesOf({ kind, ids }: Target): RawBuilder<boolean> | null {
  if (kind === 'user') return sql`memory_space.user_id = ANY(${ids}::uuid[])`;
  if (kind === 'memories') return ownOf(ids);
  return kind === 'subject' ? ofSubjects(ids) : null;
}

/** Facts that people wrote down, which belong to no memory, by target: those that it names, or all of its spaces. */
export async function findFactsOf(trx: TenantTransaction, target: Target, limit: number): Promise<string[]> {
  const spaces = spacesOf(target);
  if (target.kind === 'fact') {
    const { rows } = await sql<{ id: string }>`
      SELECT id FROM memory_fact WHERE id = ANY(${target.ids}::uuid[]) LIMIT ${limit}`.execute(trx);
    return rows.map(({ id }) => id);
  }
  if (!spaces) return [];
  const { rows } = await sql<{ id: string }>`
    SELECT memory_fact.id FROM memory_fact JOIN memory_space ON memory_space.id = memory_fact.space_id
    WHERE ${spaces} AND memory_number IS NULL LIMIT ${limit}`.execute(trx);
  return rows.map(({ id }) => id);
}

/** Removes spaces of which nothing is left. */
export async function deleteEmptySpaces(trx: TenantTransaction, target: Target, limit: number): Promise<number> {
  const spaces = spacesOf(target);
  if (!spaces) return 0;
  const { rows } = await sql<{ count: number }>`
    WITH empty AS (
      SELECT id FROM memory_space
      WHERE ${spaces} AND NOT EXISTS (SELECT FROM memory WHERE memory.space_id = memory_space.id)
        AND NOT EXISTS (SELECT FROM memory_fact WHERE memory_fact.space_id = memory_space.id)
      LIMIT ${limit} FOR UPDATE
    ), counted AS (
      DELETE FROM memory_corpus_change WHERE space_id IN (SELECT id FROM empty)
    ), gone AS (
      DELETE FROM memory_space WHERE id IN (SELECT id FROM empty) RETURNING 1
    )
    SELECT count(*) AS count FROM gone`.execute(trx);
  return Number(rows[0]?.count ?? 0);
}
