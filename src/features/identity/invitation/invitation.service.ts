import type { PlatformTransaction } from '../../../platform/database/database.ts';
import { violatesUnique } from '../../../platform/database/failures.ts';
import { isId, newId } from '../../../platform/id.ts';
import { actBy, findTenantBySlug, type Origin, type Quota, recordAct, takeFromQuota } from '../../tenancy/index.ts';
import { newEmail, shownName } from '../account-name.ts';
import { authErrors, userErrors } from '../identity.errors.ts';
import { mayManageRole, type Role } from '../identity.policy.ts';
import * as users from '../identity.store.ts';
import type { Identity } from '../identity.ts';
import type { IdPage } from '../list-page.ts';
import { invitationMail } from '../mail/mail-texts.ts';
import { countPeople, findMember } from '../member/member.store.ts';
import { hashOf, isSecret, newSecret } from '../one-time-token/one-time-token.ts';
import { requirePerson } from '../password/password-proof.ts';
import { newPassword } from '../password/password-rules.ts';
import type { Principal } from '../principal.ts';
import { beginLogin, type Login, type LoginClient } from '../token/begin-login.ts';
import * as store from './invitation.store.ts';

const INVITATION_DAYS = 7;
const DAY_MS = 24 * 60 * 60 * 1000;

export type NewInvitation = {
  row: store.InvitationRow;
  /** Where the installation sends no mail, for the admin to pass on; else null, since it would show that somebody reads
   * the mail of an address which they do not. */
  link: string | null;
};

/**
 * Invites somebody into the tenant by mail. Inviting again makes a new link, and the old one is worth nothing.
 * @throws ApiError ERR_REQUEST_002 naming `email`, ERR_USER_008, ERR_USER_010
 */
export async function invite(
  identity: Identity,
  principal: Principal,
  input: { email: string; role: Role },
): Promise<NewInvitation> {
  const email = newEmail(input.email);
  if (!mayManageRole(principal, input.role)) throw userErrors.aboveYou();
  const now = identity.clock.now();
  const secret = newSecret();
  const link = `${identity.publicUrl}/invitation#token=${secret}`;
  const row = await identity.database.transaction(async (trx) => {
    const existing = await users.findUserByEmail(trx, email);
    if (existing && (await findMember(trx, principal.tenant.id, existing.id))) throw userErrors.alreadyMember();
    const saved = await store.saveInvitation(trx, {
      id: newId(),
      tenant_id: principal.tenant.id,
      email,
      role: input.role,
      token_hash: hashOf(secret),
      invited_by: principal.userId,
      expires_at: new Date(now.getTime() + INVITATION_DAYS * DAY_MS),
    });
    const tenant = await findTenantBySlug(trx, principal.tenant.slug);
    await identity.outbox?.post(trx, invitationMail(email, oneLine(tenant?.name ?? principal.tenant.slug), link));
    const target = { kind: 'invitation', id: saved.id };
    await recordAct(trx, actBy(principal, { act: 'member.invite', target, details: { email, role: input.role } }), now);
    return saved;
  });
  return { row, link: identity.outbox ? null : link };
}

const NAME_SHOWN = 60;

/** A tenant's name in a mail: no lines of its own, and no address that a mail program would make a link of. */
function oneLine(name: string): string {
  const tame = name.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').replaceAll(/[./:@]+/g, ' ');
  return tame.trim().slice(0, NAME_SHOWN) || 'a tenant';
}

export function listInvitations(
  identity: Identity,
  principal: Principal,
  page: IdPage,
): Promise<store.InvitationRow[]> {
  return store.listInvitations(identity.database.db, principal.tenant.id, page);
}

/** @throws ApiError ERR_USER_008, ERR_USER_011 */
export async function revokeInvitation(identity: Identity, principal: Principal, id: string): Promise<void> {
  if (!isId(id)) throw userErrors.invitationNotFound();
  await identity.database.transaction(async (trx) => {
    const row = await store.deleteInvitation(trx, principal.tenant.id, id);
    if (!row) throw userErrors.invitationNotFound();
    if (!mayManageRole(principal, row.role)) throw userErrors.aboveYou();
    const details = { email: row.email };
    const act = actBy(principal, { act: 'invitation.revoke', target: { kind: 'invitation', id }, details });
    await recordAct(trx, act, identity.clock.now());
  });
}

export type ShownInvitation = { tenantName: string; email: string; role: Role; hasAccount: boolean };

/** What an invitation is for, as who has its token may know. @throws ApiError ERR_AUTH_011 */
export async function lookAtInvitation(identity: Identity, token: string): Promise<ShownInvitation> {
  const invitation = await findOpen(identity, token);
  const account = await users.findUserByEmail(identity.database.db, invitation.email);
  const { tenant_name: tenantName, email, role } = invitation;
  return { tenantName, email, role, hasAccount: account !== undefined };
}

async function findOpen(identity: Identity, token: string): Promise<store.OpenInvitation> {
  const hash = isSecret(token) ? hashOf(token) : null;
  const open = hash === null ? undefined : await store.findOpen(identity.database.db, hash, identity.clock.now());
  if (!open) throw authErrors.badOneTimeToken('This invitation is not valid any more. Ask for a new one.');
  return open;
}

/**
 * Accepts as a user who has an account, whose address must be the invitation's.
 * @throws ApiError ERR_AUTH_011, ERR_AUTH_014, ERR_USER_012, ERR_TENANT_009
 */
export async function acceptAsUser(
  identity: Identity,
  principal: Principal,
  token: string,
): Promise<users.MembershipRow> {
  requirePerson(principal);
  const invitation = await findOpen(identity, token);
  const user = await users.findUser(identity.database.db, principal.userId);
  if (!user || user.email !== invitation.email) throw userErrors.notYourInvitation();
  const quota = await memberQuota(identity, invitation.tenant_id);
  await identity.database.transaction((trx) => join(identity, trx, invitation, user.id, quota, principal.origin));
  const tenant = await users.findMembership(identity.database.db, user.id, invitation.slug);
  if (!tenant) throw userErrors.tenantNotFound();
  return tenant;
}

export type NewMember = { token: string; password: string; fullName?: string | null | undefined };

/**
 * Accepts by making an account, without a tenant of its own. Who followed the link of a mail has shown that the address is
 * theirs.
 * @throws ApiError ERR_AUTH_011, ERR_USER_002, ERR_REQUEST_002, ERR_TENANT_009, and what `beginLogin` does
 */
export async function acceptAsNewUser(
  identity: Identity,
  input: NewMember,
  client: LoginClient,
  signal?: AbortSignal,
): Promise<Login> {
  const invitation = await findOpen(identity, input.token);
  const password_hash = await identity.passwords.hash(await newPassword(input.password), signal);
  const full_name = input.fullName == null ? null : shownName('full_name', input.fullName);
  const now = identity.clock.now();
  const quota = await memberQuota(identity, invitation.tenant_id);
  const account = {
    id: newId(),
    email: invitation.email,
    username: null,
    full_name,
    password_hash,
    is_operator: false,
    email_verified_at: identity.outbox ? now : null,
  };
  const user = await identity.database
    .transaction(async (trx) => {
      const made = await users.insertUser(trx, account);
      await join(identity, trx, invitation, made.id, quota, client.origin);
      return made;
    })
    .catch((error: unknown) => {
      throw violatesUnique(error, 'user_email_unique')
        ? userErrors.taken('There is an account with this e-mail address. Log in with it, then accept.')
        : error;
    });
  return beginLogin(identity, user, { tenant: invitation.slug, client, method: 'invitation' });
}

function memberQuota(identity: Identity, tenantId: string): Promise<Quota> {
  return identity.quotaOf({ id: tenantId }, 'members');
}

async function join(
  identity: Identity,
  trx: PlatformTransaction,
  invitation: store.OpenInvitation,
  userId: string,
  quota: Quota,
  origin: Origin | undefined,
): Promise<void> {
  const { id, tenant_id: tenantId, role } = invitation;
  const now = identity.clock.now();
  if (!(await store.setAccepted(trx, id, now))) throw authErrors.badOneTimeToken();
  // Somebody who was added meanwhile keeps the role that they were given.
  if (await findMember(trx, tenantId, userId)) return;
  await takeFromQuota(trx, quota, 1, () => countPeople(trx, tenantId));
  await users.insertMembership(trx, { tenant_id: tenantId, user_id: userId, role });
  const actor = { kind: 'user', id: userId } as const;
  const target = { kind: 'invitation', id };
  await recordAct(trx, { act: 'member.join', tenantId, actor, target, origin, details: { role } }, now);
}
