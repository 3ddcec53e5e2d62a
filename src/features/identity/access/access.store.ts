import { sql } from 'kysely';
import type { Db, PlatformTransaction } from '../../../platform/database/database.ts';

/** SQL of what every process must hear at once: somebody's access changed. */

export const ACCESS_CHANNEL = 'parley_access';
/** In place of a user's id: the keys that sign tokens changed. */
export const SIGNING_KEYS = 'signing-keys';

/** Told to every process, this one too, when the transaction commits. */
export async function announceAccess(trx: PlatformTransaction, userId: string): Promise<void> {
  await sql`SELECT pg_notify(${ACCESS_CHANNEL}, ${userId})`.execute(trx);
}

/** The ids of a user's logins and the prefixes of its API keys. */
export async function listCredentialsOf(db: Db, userId: string): Promise<{ families: string[]; prefixes: string[] }> {
  const families = await db.selectFrom('platform.token_family').select('id').where('user_id', '=', userId).execute();
  const keys = await db.selectFrom('platform.api_key').select('prefix').where('user_id', '=', userId).execute();
  return { families: families.map(({ id }) => id), prefixes: keys.map(({ prefix }) => prefix) };
}
