import type { PlatformTransaction } from '../../../platform/database/database.ts';
import { requestErrors } from '../../../platform/http/errors.ts';
import { isId } from '../../../platform/id.ts';
import { type Act, actBy, recordAct } from '../../tenancy/index.ts';
import { announceAccess } from '../access/access.store.ts';
import { forgetAccess } from '../access/access.ts';
import { revokeApiKeysOf } from '../api-key/api-key.store.ts';
import { userErrors } from '../identity.errors.ts';
import { mayManageRole, type Role } from '../identity.policy.ts';
import * as users from '../identity.store.ts';
import type { Identity } from '../identity.ts';
import { requirePerson } from '../password/password-proof.ts';
import type { Principal } from '../principal.ts';
import { revokeFamiliesOf } from '../token/token-family.store.ts';
import * as store from './member.store.ts';

export type MemberChange = { role?: Role | undefined; isActive?: boolean | undefined };

/**
 * Changes a member's role, or takes their access to this tenant away and gives it back. It counts at once, for tokens, keys
 * and open streams.
 * @throws ApiError ERR_USER_007, ERR_USER_008, ERR_USER_009
 */
export async function changeMember(
  identity: Identity,
  principal: Principal,
  userId: string,
  { role, isActive }: MemberChange,
): Promise<void> {
  const tenantId = principal.tenant.id;
  await identity.database.transaction(async (trx) => {
    const member = await findManaged(trx, principal, userId);
    if (role !== undefined && !mayManageRole(principal, role)) throw userErrors.aboveYou();
    const staysOwner = (role ?? member.role) === 'owner' && (isActive ?? member.is_active);
    if (!staysOwner) await keepAnOwner(trx, tenantId, userId, member);
    const change = { ...(role !== undefined && { role }), ...(isActive !== undefined && { is_active: isActive }) };
    if (Object.keys(change).length === 0) return;
    await store.updateMember(trx, tenantId, userId, change);
    await announceAccess(trx, userId);
    for (const act of actsOf(member, { role, isActive })) await record(identity, trx, principal, userId, act);
  });
  await forgetAccess(identity, userId);
}

type ChangeAct = Pick<Act, 'act' | 'details'>;

function actsOf(member: store.Member, { role, isActive }: MemberChange): ChangeAct[] {
  const acts: ChangeAct[] = [];
  if (role !== undefined && role !== member.role) {
    acts.push({ act: 'member.change-role', details: { from: member.role, to: role } });
  }
  if (isActive !== undefined && isActive !== member.is_active) {
    acts.push({ act: isActive ? 'member.activate' : 'member.deactivate' });
  }
  return acts;
}

function record(
  identity: Identity,
  trx: PlatformTransaction,
  principal: Principal,
  userId: string,
  act: ChangeAct,
): Promise<void> {
  return recordAct(trx, actBy(principal, { ...act, target: { kind: 'user', id: userId } }), identity.clock.now());
}

async function findManaged(trx: PlatformTransaction, principal: Principal, userId: string): Promise<store.Member> {
  const { id } = principal.tenant;
  if (!isId(userId)) throw userErrors.notFound();
  await store.lockMembers(trx, id);
  const member = await store.findMember(trx, id, userId);
  if (!member) throw userErrors.notFound();
  if (!mayManageRole(principal, member.role)) throw userErrors.aboveYou();
  return member;
}

async function keepAnOwner(
  trx: PlatformTransaction,
  tenantId: string,
  userId: string,
  { role, is_active }: store.Member,
): Promise<void> {
  const isOwner = role === 'owner' && is_active;
  if (isOwner && !(await store.hasOtherOwner(trx, tenantId, userId))) throw userErrors.lastOwner();
}

/** Takes a member out of the tenant; their logins into it and API keys of it end. What they made stays.
 * @throws ApiError ERR_USER_007, ERR_USER_008, ERR_USER_009 */
export async function removeMember(identity: Identity, principal: Principal, userId: string): Promise<void> {
  await identity.database.transaction(async (trx) => {
    const member = await findManaged(trx, principal, userId);
    await takeOut(identity, trx, principal, userId, member, { act: 'member.remove', details: { role: member.role } });
  });
  await forgetAccess(identity, userId);
}

/** Leaves the tenant that the principal acts in; `slug` must name it.
 * @throws ApiError ERR_AUTH_014, ERR_USER_009, ERR_REQUEST_002 naming `tenant` */
export async function leaveTenant(identity: Identity, principal: Principal, slug: string): Promise<void> {
  requirePerson(principal);
  if (slug !== principal.tenant.slug) {
    const message = `must be ${principal.tenant.slug}, the tenant that you act in`;
    throw requestErrors.invalid(`tenant ${message}`, { fields: [{ field: 'tenant', message }] });
  }
  const { userId } = principal;
  await identity.database.transaction(async (trx) => {
    await store.lockMembers(trx, principal.tenant.id);
    const member = await store.findMember(trx, principal.tenant.id, userId);
    if (!member) throw userErrors.notFound();
    await takeOut(identity, trx, principal, userId, member, { act: 'member.leave' });
  });
  await forgetAccess(identity, userId);
}

async function takeOut(
  identity: Identity,
  trx: PlatformTransaction,
  principal: Principal,
  userId: string,
  member: store.Member,
  act: ChangeAct,
): Promise<void> {
  const { id: tenantId } = principal.tenant;
  const at = identity.clock.now();
  await keepAnOwner(trx, tenantId, userId, member);
  await store.deleteMember(trx, tenantId, userId);
  await revokeFamiliesOf(trx, userId, { at, reason: 'deactivated', tenantId });
  await revokeApiKeysOf(trx, userId, at, tenantId);
  await announceAccess(trx, userId);
  await record(identity, trx, principal, userId, act);
}

/** Takes the access of a user to the whole installation away, or gives it back. For operators.
 * @throws ApiError ERR_USER_007, ERR_USER_009 for oneself */
export async function setUserActive(
  identity: Identity,
  principal: Principal,
  userId: string,
  active: boolean,
): Promise<void> {
  if (!isId(userId)) throw userErrors.notFound();
  if (userId === principal.userId) throw userErrors.lastOwner('You cannot deactivate your own account.');
  await identity.database.transaction(async (trx) => {
    if (!(await users.setUserActive(trx, userId, active))) throw userErrors.notFound();
    const at = identity.clock.now();
    if (!active) await revokeFamiliesOf(trx, userId, { at, reason: 'deactivated' });
    await announceAccess(trx, userId);
    const act = actBy(principal, {
      act: active ? 'user.activate' : 'user.deactivate',
      target: { kind: 'user', id: userId },
    });
    await recordAct(trx, { ...act, tenantId: null }, at);
  });
  await forgetAccess(identity, userId);
}
