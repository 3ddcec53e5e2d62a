import { sql } from 'kysely';
import type { TenantTransaction } from '../../../../platform/database/database.ts';

export type ClaimedReading = {
  number: number;
  spaceId: number;
  userId: string;
  content: string;
  validFrom: Date;
  attempts: number;
};

export async function queueReadings(trx: TenantTransaction, numbers: readonly number[]): Promise<void> {
  if (numbers.length === 0) return;
  await sql`
    INSERT INTO memory_fact_reading (memory_number)
    SELECT unnest(${numbers}::bigint[]) ON CONFLICT DO NOTHING`.execute(trx);
}

/** Takes the oldest that nobody reads. A reader that dies lets go of them at `until`. */
export async function claimReadings(
  trx: TenantTransaction,
  { limit, now, until }: { limit: number; now: Date; until: Date },
): Promise<ClaimedReading[]> {
  const { rows } = await sql<ClaimedReading>`
    WITH next AS (
      SELECT memory_number FROM memory_fact_reading
      WHERE claimed_until IS NULL OR claimed_until <= ${now}
      ORDER BY memory_number LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ), claimed AS (
      UPDATE memory_fact_reading AS reading SET claimed_until = ${until} FROM next
      WHERE reading.memory_number = next.memory_number
      RETURNING reading.memory_number, reading.attempts
    )
    SELECT memory.number, memory.space_id AS "spaceId", memory.created_by AS "userId", memory.content,
      memory.valid_from AS "validFrom", claimed.attempts
    FROM claimed JOIN memory ON memory.number = claimed.memory_number
    ORDER BY memory.number`.execute(trx);
  return rows;
}

/** The memories of these that are still there and current; none of them goes before the transaction ends. */
export async function keepCurrent(trx: TenantTransaction, numbers: readonly number[]): Promise<Set<number>> {
  const { rows } = await sql<{ number: number }>`
    SELECT number FROM memory WHERE number = ANY(${numbers}::bigint[]) AND superseded_by IS NULL
    FOR KEY SHARE`.execute(trx);
  return new Set(rows.map(({ number }) => number));
}

export async function endReadings(trx: TenantTransaction, numbers: readonly number[]): Promise<void> {
  await sql`DELETE FROM memory_fact_reading WHERE memory_number = ANY(${numbers}::bigint[])`.execute(trx);
}

/** Lets go of them, to be read again. `failed`: the model's answer was no good; after `mostAttempts` of those it is over. */
export async function releaseReadings(
  trx: TenantTransaction,
  numbers: readonly number[],
  { failed, mostAttempts }: { failed: boolean; mostAttempts: number },
): Promise<void> {
  await sql`
    UPDATE memory_fact_reading SET claimed_until = NULL, attempts = attempts + ${failed ? 1 : 0}
    WHERE memory_number = ANY(${numbers}::bigint[])`.execute(trx);
  await sql`
    DELETE FROM memory_fact_reading
    WHERE memory_number = ANY(${numbers}::bigint[]) AND attempts >= ${mostAttempts}`.execute(trx);
}

/** What facts of these memories say already: subject, attribute. */
export async function attributesOf(
  trx: TenantTransaction,
  numbers: readonly number[],
): Promise<{ number: number; subject: string; attribute: string }[]> {
  const { rows } = await sql<{ number: number; subject: string; attribute: string }>`
    SELECT memory_number AS number, subject, attribute FROM memory_fact
    WHERE memory_number = ANY(${numbers}::bigint[])`.execute(trx);
  return rows;
}

/** Attributes that facts of a space have, the newest first. */
export async function knownAttributes(trx: TenantTransaction, spaceId: number, limit: number): Promise<string[]> {
  const { rows } = await sql<{ attribute: string }>`
    SELECT attribute FROM memory_fact WHERE space_id = ${spaceId} AND valid_to IS NULL
    GROUP BY attribute ORDER BY max(id::text) DESC LIMIT ${limit}`.execute(trx);
  return rows.map(({ attribute }) => attribute);
}

export async function hasReadings(trx: TenantTransaction): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`SELECT EXISTS (SELECT FROM memory_fact_reading) AS found`.execute(trx);
  return rows[0]?.found ?? false;
}
