import type { Db, PlatformTransaction } from '../../../platform/database/database.ts';
import type { MembershipRole, UserKind } from '../../../platform/database/schema.ts';

/** SQL of changes to members. */

export type Member = { role: MembershipRole; is_active: boolean; kind: UserKind };

/** Changes of a tenant's members wait for each other, so that two cannot both take away the last owner but one. */
export async function lockMembers(trx: PlatformTransaction, tenantId: string): Promise<void> {
  await trx.selectFrom('platform.tenant').select('id').where('id', '=', tenantId).forUpdate().executeTakeFirst();
}

export async function findMember(db: Db, tenantId: string, userId: string): Promise<Member | undefined> {
  return db
    .selectFrom('platform.membership as membership')
    .innerJoin('platform.user as user', 'user.id', 'membership.user_id')
    .select(['membership.role', 'membership.is_active', 'user.kind'])
    .where('membership.tenant_id', '=', tenantId)
    .where('membership.user_id', '=', userId)
    .executeTakeFirst();
}

/** People of the tenant, deactivated ones too. */
export async function countPeople(db: Db, tenantId: string): Promise<number> {
  const row = await db
    .selectFrom('platform.membership as membership')
    .innerJoin('platform.user as user', 'user.id', 'membership.user_id')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('membership.tenant_id', '=', tenantId)
    .where('user.kind', '=', 'person')
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Whether somebody else can act as owner of the tenant. */
export async function hasOtherOwner(trx: PlatformTransaction, tenantId: string, userId: string): Promise<boolean> {
  const row = await trx
    .selectFrom('platform.membership as membership')
    .innerJoin('platform.user as user', 'user.id', 'membership.user_id')
    .select('user.id')
    .where('membership.tenant_id', '=', tenantId)
    .where('membership.user_id', '<>', userId)
    .where('membership.role', '=', 'owner')
    .where('membership.is_active', '=', true)
    .where('user.is_active', '=', true)
    .where('user.kind', '=', 'person')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export async function updateMember(
  trx: PlatformTransaction,
  tenantId: string,
  userId: string,
  change: { role?: MembershipRole; is_active?: boolean },
): Promise<void> {
  await trx
    .updateTable('platform.membership')
    .set({ ...change, updated_at: new Date() })
    .where('tenant_id', '=', tenantId)
    .where('user_id', '=', userId)
    .execute();
}

export async function deleteMember(trx: PlatformTransaction, tenantId: string, userId: string): Promise<void> {
  await trx.deleteFrom('platform.membership').where('tenant_id', '=', tenantId).where('user_id', '=', userId).execute();
}
