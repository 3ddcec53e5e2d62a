import type { Db, PlatformTransaction } from '../../../platform/database/database.ts';

/** SQL of second factors. */

export type SecondFactorRow = { secret: Buffer; last_step: number; confirmed_at: Date | null };

export async function findSecondFactor(db: Db, userId: string): Promise<SecondFactorRow | undefined> {
  return db
    .selectFrom('platform.second_factor')
    .select(['secret', 'last_step', 'confirmed_at'])
    .where('user_id', '=', userId)
    .executeTakeFirst();
}

/** Keeps a secret whose first code is still to come, unless one is confirmed. False when one is. */
export async function saveUnconfirmed(db: Db, userId: string, secret: Buffer, now: Date): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('platform.second_factor')
    .values({ user_id: userId, secret, created_at: now })
    .onConflict((conflict) =>
      conflict
        .column('user_id')
        .doUpdateSet({ secret, last_step: 0, created_at: now })
        .where('platform.second_factor.confirmed_at', 'is', null),
    )
    .executeTakeFirstOrThrow();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Takes the code of a step. Of several callers with the same code one gets true; so does nobody with an older one. */
export async function takeStep(trx: PlatformTransaction, userId: string, step: number): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('platform.second_factor')
    .set({ last_step: step })
    .where('user_id', '=', userId)
    .where('last_step', '<', step)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function confirm(trx: PlatformTransaction, userId: string, at: Date): Promise<void> {
  await trx
    .updateTable('platform.second_factor')
    .set({ confirmed_at: at })
    .where('user_id', '=', userId)
    .where('confirmed_at', 'is', null)
    .execute();
}

/** True when there was one that guarded the account. */
export async function deleteSecondFactor(trx: PlatformTransaction, userId: string): Promise<boolean> {
  await trx.deleteFrom('platform.recovery_code').where('user_id', '=', userId).execute();
  const row = await trx
    .deleteFrom('platform.second_factor')
    .where('user_id', '=', userId)
    .returning('confirmed_at')
    .executeTakeFirst();
  return row !== undefined && row.confirmed_at !== null;
}

export async function replaceRecoveryCodes(
  trx: PlatformTransaction,
  userId: string,
  hashes: readonly string[],
): Promise<void> {
  await trx.deleteFrom('platform.recovery_code').where('user_id', '=', userId).execute();
  await trx
    .insertInto('platform.recovery_code')
    .values(hashes.map((code_hash) => ({ user_id: userId, code_hash })))
    .execute();
}

export async function takeRecoveryCode(trx: PlatformTransaction, userId: string, hash: string): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom('platform.recovery_code')
    .where('user_id', '=', userId)
    .where('code_hash', '=', hash)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function countRecoveryCodes(db: Db, userId: string): Promise<number> {
  const { count } = await db
    .selectFrom('platform.recovery_code')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Every stored secret, for `parley secrets rotate`. */
export async function listSecrets(db: Db): Promise<{ user_id: string; secret: Buffer }[]> {
  return db.selectFrom('platform.second_factor').select(['user_id', 'secret']).execute();
}

export async function replaceSecret(db: Db, userId: string, secret: { from: Buffer; to: Buffer }): Promise<void> {
  await db
    .updateTable('platform.second_factor')
    .set({ secret: secret.to })
    .where('user_id', '=', userId)
    .where('secret', '=', secret.from)
    .execute();
}

export async function setTenantRequirement(
  trx: PlatformTransaction,
  tenantId: string,
  required: boolean,
): Promise<void> {
  await trx
    .updateTable('platform.tenant')
    .set({ requires_second_factor: required, updated_at: new Date() })
    .where('id', '=', tenantId)
    .execute();
}
