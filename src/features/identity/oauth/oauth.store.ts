import type { Db, PlatformTransaction } from '../../../platform/database/database.ts';

/** SQL of sign-ins at providers. */

export type FlowRow = {
  state_hash: string;
  browser_hash: string;
  provider: string;
  redirect_uri: string;
  code_verifier: string;
  nonce: string;
  remember_me: boolean;
  expires_at: Date;
};

export async function insertFlow(db: Db, flow: FlowRow): Promise<void> {
  await db.insertInto('platform.oauth_flow').values(flow).execute();
}

/** Takes it away: a sign-in can be finished once, whatever comes of it. */
export async function takeFlow(db: Db, stateHash: string): Promise<FlowRow | undefined> {
  return db.deleteFrom('platform.oauth_flow').where('state_hash', '=', stateHash).returningAll().executeTakeFirst();
}

const DELETED_AT_ONCE = 20;

export async function deleteExpiredFlows(db: Db, now: Date): Promise<void> {
  await db
    .deleteFrom('platform.oauth_flow')
    .where('state_hash', 'in', (query) =>
      query
        .selectFrom('platform.oauth_flow')
        .select('state_hash')
        .where('expires_at', '<=', now)
        .limit(DELETED_AT_ONCE)
        .forUpdate()
        .skipLocked(),
    )
    .execute();
}

export async function findExternalIdentity(db: Db, provider: string, subject: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('platform.external_identity')
    .select('user_id')
    .where('provider', '=', provider)
    .where('subject', '=', subject)
    .executeTakeFirst();
  return row?.user_id;
}

export async function insertExternalIdentity(
  trx: PlatformTransaction,
  identity: { provider: string; subject: string; user_id: string; email: string },
): Promise<void> {
  await trx
    .insertInto('platform.external_identity')
    .values(identity)
    .onConflict((conflict) => conflict.columns(['provider', 'subject']).doNothing())
    .execute();
}

export type ExternalIdentityRow = { provider: string; email: string; created_at: Date };

export async function listExternalIdentities(db: Db, userId: string): Promise<ExternalIdentityRow[]> {
  return db
    .selectFrom('platform.external_identity')
    .select(['provider', 'email', 'created_at'])
    .where('user_id', '=', userId)
    .orderBy('provider')
    .orderBy('subject')
    .execute();
}

/** All of the user's at one provider. */
export async function deleteExternalIdentitiesAt(
  trx: PlatformTransaction,
  userId: string,
  provider: string,
): Promise<void> {
  await trx
    .deleteFrom('platform.external_identity')
    .where('user_id', '=', userId)
    .where('provider', '=', provider)
    .execute();
}

export async function deleteExternalIdentities(trx: PlatformTransaction, userId: string): Promise<void> {
  await trx.deleteFrom('platform.external_identity').where('user_id', '=', userId).execute();
}
