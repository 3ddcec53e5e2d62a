import type { Db, PlatformTransaction } from '../../../platform/database/database.ts';
import type { TokenFamilyTable } from '../../../platform/database/schema.ts';
import type { IdPage } from '../list-page.ts';
import { STANDING, type Standing } from '../standing.ts';

/** SQL of logins: token families and their refresh tokens. */

export type NewTokenFamily = {
  id: string;
  user_id: string;
  tenant_id: string;
  lifetime_days: number;
  expires_at: Date;
  second_factor: boolean;
  address: string | null;
  user_agent: string | null;
  last_used_at: Date;
};

export async function insertTokenFamily(trx: PlatformTransaction, family: NewTokenFamily): Promise<void> {
  await trx.insertInto('platform.token_family').values(family).execute();
}

export type NewRefreshToken = {
  id: string;
  family_id: string;
  parent_id: string | null;
  token_hash: string;
  expires_at: Date;
};

/** @throws the database's error when the family has an unspent token */
export async function insertRefreshToken(trx: PlatformTransaction, token: NewRefreshToken): Promise<void> {
  await trx.insertInto('platform.refresh_token').values(token).execute();
}

/** Marks an unspent token as spent. Of several callers with the same token one gets the row; the others get undefined,
 * after the first one's transaction has ended. */
export async function spendRefreshToken(
  trx: PlatformTransaction,
  hash: string,
  at: Date,
): Promise<{ id: string; family_id: string; expires_at: Date } | undefined> {
  return trx
    .updateTable('platform.refresh_token')
    .set({ spent_at: at })
    .where('token_hash', '=', hash)
    .where('spent_at', 'is', null)
    .returning(['id', 'family_id', 'expires_at'])
    .executeTakeFirst();
}

export type FamilyOwner = { id: string; user_id: string; tenant_id: string };

export async function findFamilyOfToken(db: Db, hash: string): Promise<FamilyOwner | undefined> {
  return db
    .selectFrom('platform.refresh_token as token')
    .innerJoin('platform.token_family as family', 'family.id', 'token.family_id')
    .select(['family.id', 'family.user_id', 'family.tenant_id'])
    .where('token.token_hash', '=', hash)
    .executeTakeFirst();
}

export type RevocationReason = NonNullable<TokenFamilyTable['revoked_reason']>;

/** True when this call revoked it, false when it was revoked, or is gone. */
export async function revokeTokenFamily(
  db: Db,
  familyId: string,
  revocation: { at: Date; reason: RevocationReason },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('platform.token_family')
    .set({ revoked_at: revocation.at, revoked_reason: revocation.reason })
    .where('id', '=', familyId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Ends every login of a user, or those in one tenant, or all but one. Returns how many. */
export async function revokeFamiliesOf(
  trx: PlatformTransaction,
  userId: string,
  revocation: { at: Date; reason: RevocationReason; tenantId?: string | undefined; except?: string | null | undefined },
): Promise<number> {
  const { at, reason, tenantId, except } = revocation;
  let found = trx
    .updateTable('platform.token_family')
    .set({ revoked_at: at, revoked_reason: reason })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null);
  if (tenantId !== undefined) found = found.where('tenant_id', '=', tenantId);
  if (except != null) found = found.where('id', '<>', except);
  const { numUpdatedRows } = await found.executeTakeFirst();
  return Number(numUpdatedRows);
}

export async function extendTokenFamily(
  trx: PlatformTransaction,
  familyId: string,
  expiresAt: Date,
  usedAt: Date,
): Promise<void> {
  await trx
    .updateTable('platform.token_family')
    .set({ expires_at: expiresAt, last_used_at: usedAt })
    .where('id', '=', familyId)
    .execute();
}

export type LoginRow = {
  id: string;
  tenant_id: string;
  slug: string;
  tenant_name: string;
  second_factor: boolean;
  address: string | null;
  user_agent: string | null;
  created_at: Date;
  last_used_at: Date | null;
  expires_at: Date;
};

/** A user's logins that can be refreshed, in all tenants, oldest first. One row more than `limit`, if there is one. */
export async function listLogins(db: Db, userId: string, page: IdPage, now: Date): Promise<LoginRow[]> {
  const found = db
    .selectFrom('platform.token_family as family')
    .innerJoin('platform.tenant as tenant', 'tenant.id', 'family.tenant_id')
    .select([
      'family.id',
      'family.tenant_id',
      'tenant.slug',
      'tenant.name as tenant_name',
      'family.second_factor',
      'family.address',
      'family.user_agent',
      'family.created_at',
      'family.last_used_at',
      'family.expires_at',
    ])
    .where('family.user_id', '=', userId)
    .where('family.revoked_at', 'is', null)
    .where('family.expires_at', '>', now)
    .orderBy('family.id')
    .limit(page.limit + 1);
  return (page.after === null ? found : found.where('family.id', '>', page.after)).execute();
}

/** A login that has not ended. */
export async function findLogin(db: Db, id: string): Promise<FamilyOwner | undefined> {
  return db
    .selectFrom('platform.token_family')
    .select(['id', 'user_id', 'tenant_id'])
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
}

/** A login, and what it may do now. */
export type FamilyStateRow = Standing & {
  family_id: string;
  lifetime_days: number;
  second_factor: boolean;
  revoked_at: Date | null;
};

/** Undefined as well when the user is no longer in the tenant. */
export async function findFamilyState(db: Db, familyId: string): Promise<FamilyStateRow | undefined> {
  return db
    .selectFrom('platform.token_family as family')
    .innerJoin('platform.user as user', 'user.id', 'family.user_id')
    .innerJoin('platform.tenant as tenant', 'tenant.id', 'family.tenant_id')
    .innerJoin('platform.membership as membership', (join) =>
      join.onRef('membership.user_id', '=', 'family.user_id').onRef('membership.tenant_id', '=', 'family.tenant_id'),
    )
    .select([
      'family.id as family_id',
      'family.lifetime_days',
      'family.second_factor',
      'family.revoked_at',
      ...STANDING,
    ])
    .where('family.id', '=', familyId)
    .executeTakeFirst();
}

/** A user's logins that can no longer be refreshed; their tokens go with them. */
export async function deleteExpiredFamilies(trx: PlatformTransaction, userId: string, before: Date): Promise<void> {
  await trx
    .deleteFrom('platform.token_family')
    .where('user_id', '=', userId)
    .where('expires_at', '<', before)
    .execute();
}

/** Spent tokens are kept until they expire, because their reuse must be noticed; after that they are refused anyway. */
export async function deleteExpiredTokens(trx: PlatformTransaction, familyId: string, before: Date): Promise<void> {
  await trx
    .deleteFrom('platform.refresh_token')
    .where('family_id', '=', familyId)
    .where('expires_at', '<', before)
    .execute();
}
