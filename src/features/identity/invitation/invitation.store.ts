import type { Db, PlatformTransaction } from '../../../platform/database/database.ts';
import type { MembershipRole } from '../../../platform/database/schema.ts';
import type { IdPage } from '../list-page.ts';

/** SQL of invitations. */

export type InvitationRow = {
  id: string;
  tenant_id: string;
  email: string;
  role: MembershipRole;
  invited_by: string | null;
  expires_at: Date;
  created_at: Date;
};

const INVITATION = ['id', 'tenant_id', 'email', 'role', 'invited_by', 'expires_at', 'created_at'] as const;

/** Takes the place of an open one for the same address. */
export async function saveInvitation(
  trx: PlatformTransaction,
  invitation: Omit<InvitationRow, 'created_at'> & { token_hash: string },
): Promise<InvitationRow> {
  await trx
    .deleteFrom('platform.invitation')
    .where('tenant_id', '=', invitation.tenant_id)
    .where('email', '=', invitation.email)
    .where('accepted_at', 'is', null)
    .execute();
  return trx.insertInto('platform.invitation').values(invitation).returning(INVITATION).executeTakeFirstOrThrow();
}

/** Open ones, expired ones too, oldest first. One row more than `limit`, if there is one. */
export async function listInvitations(db: Db, tenantId: string, page: IdPage): Promise<InvitationRow[]> {
  const found = db
    .selectFrom('platform.invitation')
    .select(INVITATION)
    .where('tenant_id', '=', tenantId)
    .where('accepted_at', 'is', null)
    .orderBy('id')
    .limit(page.limit + 1);
  return (page.after === null ? found : found.where('id', '>', page.after)).execute();
}

export async function deleteInvitation(
  trx: PlatformTransaction,
  tenantId: string,
  id: string,
): Promise<InvitationRow | undefined> {
  return trx
    .deleteFrom('platform.invitation')
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('accepted_at', 'is', null)
    .returning(INVITATION)
    .executeTakeFirst();
}

export type OpenInvitation = InvitationRow & { slug: string; tenant_name: string };

export async function findOpen(db: Db, tokenHash: string, now: Date): Promise<OpenInvitation | undefined> {
  return db
    .selectFrom('platform.invitation as invitation')
    .innerJoin('platform.tenant as tenant', 'tenant.id', 'invitation.tenant_id')
    .select([
      'invitation.id',
      'invitation.tenant_id',
      'invitation.email',
      'invitation.role',
      'invitation.invited_by',
      'invitation.expires_at',
      'invitation.created_at',
      'tenant.slug',
      'tenant.name as tenant_name',
    ])
    .where('invitation.token_hash', '=', tokenHash)
    .where('invitation.accepted_at', 'is', null)
    .where('invitation.expires_at', '>', now)
    .where('tenant.status', '=', 'active')
    .executeTakeFirst();
}

/** Of several callers with one token, one gets true. */
export async function setAccepted(trx: PlatformTransaction, id: string, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('platform.invitation')
    .set({ accepted_at: at })
    .where('id', '=', id)
    .where('accepted_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
