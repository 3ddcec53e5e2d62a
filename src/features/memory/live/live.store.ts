import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { MEMORY_COLUMNS, type MemoryRow } from '../remember/memory.store.ts';

export type LiveScope = {
  owners: readonly { userId: string | null; subject: string }[];
  conversationId: string | null;
};

/** A transaction may commit behind others that took their numbers later: so far back is looked for what came late. */
const LATE_NUMBERS = 500;
const LATE_SECONDS = 30;

/** The highest number that was given, 0 where there is none. */
export async function lastNumber(trx: TenantTransaction): Promise<number> {
  const { rows } = await sql<{ last: number }>`SELECT coalesce(max(number), 0) AS last FROM memory`.execute(trx);
  return Number(rows[0]?.last ?? 0);
}

/** Numbers up to `last` that a look for what came late would find. */
export async function lateNumbers(trx: TenantTransaction, last: number): Promise<number[]> {
  const { rows } = await sql<{ number: number }>`
    SELECT number FROM memory WHERE number > ${last - LATE_NUMBERS} AND number <= ${last}`.execute(trx);
  return rows.map(({ number }) => Number(number));
}

/** Current versions behind `after`, in order, with those shortly before it that came late; `limit` at most. */
export async function listBehind(
  trx: TenantTransaction,
  { owners, conversationId }: LiveScope,
  { after, known, limit }: { after: number; known: readonly number[]; limit: number },
): Promise<MemoryRow[]> {
  const { rows } = await sql<MemoryRow>`
    SELECT ${MEMORY_COLUMNS}
    FROM memory JOIN memory_space ON memory_space.id = memory.space_id
    JOIN unnest(${owners.map(({ userId }) => userId)}::uuid[], ${owners.map(({ subject }) => subject)}::text[])
      AS owner (user_id, subject)
      ON memory_space.user_id IS NOT DISTINCT FROM owner.user_id AND memory_space.subject = owner.subject
    WHERE (memory.number > ${after} OR memory.number > ${after - LATE_NUMBERS}
        AND memory.remembered_at > now() - make_interval(secs => ${LATE_SECONDS}))
      AND memory.number <> ALL(${known}::bigint[])
      AND memory.superseded_by IS NULL
      AND (${conversationId}::text IS NULL OR memory.conversation_id = ${conversationId})
    ORDER BY memory.number LIMIT ${limit}`.execute(trx);
  return rows;
}
