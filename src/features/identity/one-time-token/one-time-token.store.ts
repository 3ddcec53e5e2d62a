import type { Db, PlatformTransaction } from '../../../platform/database/database.ts';
import type { OneTimeTokenTable } from '../../../platform/database/schema.ts';

/** SQL of tokens that are good once. */

export type Purpose = OneTimeTokenTable['purpose'];

export type TokenRow = { user_id: string; email: string; context: unknown; failures: number };

export async function insertToken(
  trx: PlatformTransaction,
  token: { token_hash: string; purpose: Purpose; user_id: string; email: string; context: object; expires_at: Date },
): Promise<void> {
  await trx
    .insertInto('platform.one_time_token')
    .values({ ...token, context: JSON.stringify(token.context) })
    .execute();
}

/** Only the newest of a user's tokens for a purpose is good. */
export async function deleteTokensOf(trx: PlatformTransaction, userId: string, purpose?: Purpose): Promise<void> {
  const found = trx.deleteFrom('platform.one_time_token').where('user_id', '=', userId);
  await (purpose === undefined ? found : found.where('purpose', '=', purpose)).execute();
}

/** Of several callers with one token, one gets the row. */
export async function takeToken(
  trx: PlatformTransaction,
  hash: string,
  purpose: Purpose,
  now: Date,
): Promise<TokenRow | undefined> {
  return trx
    .deleteFrom('platform.one_time_token')
    .where('token_hash', '=', hash)
    .where('purpose', '=', purpose)
    .where('expires_at', '>', now)
    .returning(['user_id', 'email', 'context', 'failures'])
    .executeTakeFirst();
}

/** Looks without taking it. */
export async function findToken(db: Db, hash: string, purpose: Purpose, now: Date): Promise<TokenRow | undefined> {
  return db
    .selectFrom('platform.one_time_token')
    .select(['user_id', 'email', 'context', 'failures'])
    .where('token_hash', '=', hash)
    .where('purpose', '=', purpose)
    .where('expires_at', '>', now)
    .executeTakeFirst();
}

/** Counts a wrong try; the one that makes `most` ends the token. */
export async function countTokenFailure(db: Db, hash: string, most: number): Promise<void> {
  await db
    .updateTable('platform.one_time_token')
    .set((of) => ({ failures: of('failures', '+', 1) }))
    .where('token_hash', '=', hash)
    .execute();
  await db.deleteFrom('platform.one_time_token').where('token_hash', '=', hash).where('failures', '>=', most).execute();
}

const DELETED_AT_ONCE = 20;

export async function deleteExpiredTokens(db: Db, now: Date): Promise<void> {
  await db
    .deleteFrom('platform.one_time_token')
    .where('token_hash', 'in', (query) =>
      query
        .selectFrom('platform.one_time_token')
        .select('token_hash')
        .where('expires_at', '<=', now)
        .limit(DELETED_AT_ONCE)
        .forUpdate()
        .skipLocked(),
    )
    .execute();
}
