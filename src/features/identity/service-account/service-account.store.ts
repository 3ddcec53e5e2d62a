import type { Db } from '../../../platform/database/database.ts';
import type { MembershipRole } from '../../../platform/database/schema.ts';
import type { IdPage } from '../list-page.ts';

/** SQL of service accounts: users who are nobody. */

export type ServiceAccountRow = {
  id: string;
  full_name: string | null;
  role: MembershipRole;
  is_active: boolean;
  created_at: Date;
};

function serviceAccounts(db: Db, tenantId: string) {
  return db
    .selectFrom('platform.membership as membership')
    .innerJoin('platform.user as user', 'user.id', 'membership.user_id')
    .select(['user.id', 'user.full_name', 'membership.role', 'membership.is_active', 'user.created_at'])
    .where('membership.tenant_id', '=', tenantId)
    .where('user.kind', '=', 'service-account');
}

/** One row more than `limit`, if there is one. */
export async function listServiceAccounts(db: Db, tenantId: string, page: IdPage): Promise<ServiceAccountRow[]> {
  const found = serviceAccounts(db, tenantId)
    .orderBy('user.id')
    .limit(page.limit + 1);
  return (page.after === null ? found : found.where('user.id', '>', page.after)).execute();
}

export async function findServiceAccount(db: Db, tenantId: string, id: string): Promise<ServiceAccountRow | undefined> {
  return serviceAccounts(db, tenantId).where('user.id', '=', id).executeTakeFirst();
}
