import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { deleteFactsOf } from '../facts/fact.store.ts';

export type Deleted = { memories: number; postings: number; vectors: number; facts: number };

/**
 * Deletes memories, named by their numbers, with all that was made of them: postings, facts, and the vectors of texts that
 * no other memory has. The caller names every version.
 */
export async function deleteMemories(trx: TenantTransaction, numbers: readonly number[]): Promise<Deleted> {
  if (numbers.length === 0) return { memories: 0, postings: 0, vectors: 0, facts: 0 };
  const facts = await deleteFactsOf(trx, numbers);
  const { rows } = await sql<Deleted & { hashes: Buffer[] }>`
    WITH gone AS (
      DELETE FROM memory WHERE number = ANY(${numbers}::bigint[])
      RETURNING number, space_id, language, word_count, lexemes, content_hash
    ), posting AS (
      DELETE FROM memory_posting USING (
        SELECT space_id, number, unnest(lexemes) AS lexeme FROM gone
      ) AS had
      WHERE memory_posting.space_id = had.space_id AND memory_posting.lexeme = had.lexeme
        AND memory_posting.memory_number = had.number
      RETURNING 1
    ), counted AS (
      INSERT INTO memory_corpus_change (space_id, language, memory_count, word_count)
      SELECT space_id, language, -count(*), -sum(word_count) FROM gone GROUP BY space_id, language
    )
    SELECT (SELECT count(*) FROM gone) AS memories, (SELECT count(*) FROM posting) AS postings,
      0 AS facts, 0 AS vectors,
      (SELECT coalesce(array_agg(content_hash), '{}') FROM gone) AS hashes`.execute(trx);
  const [row] = rows;
  if (!row) return { memories: 0, postings: 0, vectors: 0, facts: 0 };
  const { hashes, ...deleted } = row;
  return { ...deleted, facts, vectors: await deleteUnusedVectors(trx, hashes) };
}

async function deleteUnusedVectors(trx: TenantTransaction, hashes: readonly Buffer[]): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    WITH gone AS (
      DELETE FROM memory_embedding
      WHERE content_hash = ANY(${hashes}::bytea[])
        AND NOT EXISTS (SELECT FROM memory WHERE memory.content_hash = memory_embedding.content_hash)
      RETURNING 1
    )
    SELECT count(*) AS count FROM gone`.execute(trx);
  return rows[0]?.count ?? 0;
}

/** The numbers of all versions of these memories. */
export async function numbersOf(trx: TenantTransaction, ids: readonly string[]): Promise<number[]> {
  const { rows } = await sql<{ number: number }>`
    SELECT number FROM memory WHERE id = ANY(${ids}::uuid[]) OR superseded_by = ANY(${ids}::uuid[])`.execute(trx);
  return rows.map(({ number }) => number);
}

/** The current versions of the memories that these messages of sessions are. */
export async function idsOfMessages(trx: TenantTransaction, messageIds: readonly string[]): Promise<string[]> {
  if (messageIds.length === 0) return [];
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM memory WHERE message_id = ANY(${messageIds}::uuid[]) AND superseded_by IS NULL`.execute(trx);
  return rows.map(({ id }) => id);
}

/** Memories of one conversation of a space, all versions, `limit` at most. */
export async function findOfConversation(
  trx: TenantTransaction,
  spaceIds: readonly number[],
  conversationId: string,
  limit: number,
): Promise<{ number: number; id: string }[]> {
  const { rows } = await sql<{ number: number; id: string }>`
    SELECT number, id FROM memory
    WHERE space_id = ANY(${spaceIds}::bigint[]) AND conversation_id = ${conversationId}
    LIMIT ${limit}`.execute(trx);
  return rows;
}
