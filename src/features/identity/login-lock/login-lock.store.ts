import { sql } from 'kysely';
import type { Db, PlatformTransaction } from '../../../platform/database/database.ts';

/** SQL of failed logins. */

export async function findLock(db: Db, subjects: readonly string[], now: Date): Promise<Date | null> {
  const row = await db
    .selectFrom('platform.login_failure')
    .select('locked_until')
    .where('subject', 'in', [...subjects])
    .where('locked_until', '>', now)
    .orderBy('locked_until', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.locked_until ?? null;
}

export type Failure = { now: Date; forgottenAt: Date; most: number; lockedUntil: Date };

/** Counts one failure for each subject; the one that is the last allowed locks it. In one statement, so that failures at
 * the same time all count. */
export async function addFailure(db: Db, subjects: readonly string[], failure: Failure): Promise<void> {
  const { now, forgottenAt, most, lockedUntil } = failure;
  const first = {
    failures: 1,
    locked_until: most === 1 ? lockedUntil : null,
    expires_at: most === 1 ? lockedUntil : forgottenAt,
  };
  const known = sql.ref('login_failure.failures');
  const count = sql<number>`CASE WHEN login_failure.expires_at <= ${now} THEN 1 ELSE ${known} + 1 END`;
  await db
    .insertInto('platform.login_failure')
    // Always in this order, or two failures could wait for each other's rows.
    .values([...subjects].sort().map((subject) => ({ subject, ...first })))
    .onConflict((conflict) =>
      conflict.column('subject').doUpdateSet({
        failures: count,
        locked_until: sql`CASE WHEN ${count} >= ${most} THEN ${lockedUntil}::timestamptz END`,
        expires_at: sql`CASE WHEN ${count} >= ${most} THEN ${lockedUntil}::timestamptz
                             WHEN login_failure.expires_at <= ${now} THEN ${forgottenAt}::timestamptz
                             ELSE login_failure.expires_at END`,
      }),
    )
    .execute();
}

export async function deleteFailures(trx: PlatformTransaction, subject: string): Promise<void> {
  await trx.deleteFrom('platform.login_failure').where('subject', '=', subject).execute();
}

/** Some at a time, more than one failure can add; rows that another transaction holds are left to the next failure. */
const DELETED_AT_ONCE = 20;

export async function deleteExpiredFailures(db: Db, now: Date): Promise<void> {
  await db
    .deleteFrom('platform.login_failure')
    .where('subject', 'in', (query) =>
      query
        .selectFrom('platform.login_failure')
        .select('subject')
        .where('expires_at', '<=', now)
        .limit(DELETED_AT_ONCE)
        .forUpdate()
        .skipLocked(),
    )
    .execute();
}
