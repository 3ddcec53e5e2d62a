import { sql } from 'kysely';
import type { Db, PlatformTransaction, TenantTransaction } from '../../../platform/database/database.ts';

export async function beginSnapshot(trx: TenantTransaction): Promise<void> {
  await sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`.execute(trx);
}

export type ArchivedMember = { user_id: string; email: string; role: 'owner' | 'admin' | 'member' | 'viewer' };

export async function listMembers(db: Db, tenantId: string): Promise<ArchivedMember[]> {
  return db
    .selectFrom('platform.membership as membership')
    .innerJoin('platform.user as user', 'user.id', 'membership.user_id')
    .select(['user.id as user_id', 'user.email', 'membership.role'])
    .where('membership.tenant_id', '=', tenantId)
    .orderBy('user.id')
    .execute();
}

/** The account of that address joins the tenant. Its id; undefined where there is none. */
export async function joinTenant(
  trx: PlatformTransaction,
  tenantId: string,
  { email, role }: ArchivedMember,
): Promise<string | undefined> {
  const user = await trx.selectFrom('platform.user').select('id').where('email', '=', email).executeTakeFirst();
  if (!user) return undefined;
  await trx.insertInto('platform.membership').values({ tenant_id: tenantId, user_id: user.id, role }).execute();
  return user.id;
}

export async function saveSettings(
  trx: PlatformTransaction,
  tenantId: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<void> {
  const values = Object.entries(settings).map(([key, value]) => ({
    tenant_id: tenantId,
    key,
    value: JSON.stringify(value),
    updated_by: null,
  }));
  if (values.length > 0) await trx.insertInto('platform.tenant_setting').values(values).execute();
}
