import { isId } from '../../../platform/id.ts';
import { actBy, recordAct } from '../../tenancy/index.ts';
import { announceAccess } from '../access/access.store.ts';
import { forgetAccess } from '../access/access.ts';
import { authErrors, challenge } from '../identity.errors.ts';
import * as users from '../identity.store.ts';
import type { Identity } from '../identity.ts';
import type { IdPage } from '../list-page.ts';
import { requirePerson } from '../password/password-proof.ts';
import type { Principal } from '../principal.ts';
import { beginLogin, type Login, type LoginClient, startLogin } from './begin-login.ts';
import * as store from './token-family.store.ts';

/** The logins of the principal's user that have not ended, one more than the limit if there is one. */
export function listLogins(identity: Identity, principal: Principal, page: IdPage): Promise<store.LoginRow[]> {
  return store.listLogins(identity.database.db, principal.userId, page, identity.clock.now());
}

/** Ends one of the user's own logins; its access tokens end with it. @throws ApiError ERR_AUTH_003, ERR_AUTH_014, ERR_AUTH_015 */
export async function revokeLogin(identity: Identity, principal: Principal, id: string): Promise<void> {
  requirePerson(principal);
  const { db } = identity.database;
  const login = isId(id) ? await store.findLogin(db, id) : undefined;
  const isMine = login?.user_id === principal.userId;
  if (!login || (!isMine && login.tenant_id !== principal.tenant.id)) throw authErrors.loginNotFound();
  if (!isMine) throw authErrors.forbidden('This login is another user’s.');
  const at = identity.clock.now();
  await identity.database.transaction(async (trx) => {
    await store.revokeTokenFamily(trx, id, { at, reason: 'revoked' });
    await announceAccess(trx, principal.userId);
    await recordAct(trx, actBy(principal, { act: 'login.revoke', target: { kind: 'login', id } }), at);
  });
  identity.families.forget(id);
}

/** Ends all of the user's logins but the one that asks. @throws ApiError ERR_AUTH_014 */
export async function revokeOtherLogins(identity: Identity, principal: Principal): Promise<void> {
  requirePerson(principal);
  const at = identity.clock.now();
  await identity.database.transaction(async (trx) => {
    const except = principal.loginId ?? null;
    const count = await store.revokeFamiliesOf(trx, principal.userId, { at, reason: 'revoked', except });
    if (count === 0) return;
    await announceAccess(trx, principal.userId);
    await recordAct(trx, actBy(principal, { act: 'login.revoke-others', details: { count } }), at);
  });
  await forgetAccess(identity, principal.userId);
}

/**
 * Another login of the same user in another of its tenants; the one that asks ends.
 * @throws ApiError ERR_AUTH_014, and what `beginLogin` does
 */
export async function switchTenant(
  identity: Identity,
  principal: Principal,
  tenant: string,
  client: LoginClient,
): Promise<Login> {
  requirePerson(principal);
  const { db } = identity.database;
  const user = await users.findUser(db, principal.userId);
  const family = principal.loginId == null ? undefined : await store.findFamilyState(db, principal.loginId);
  if (!user || !family) throw authErrors.invalidToken(undefined, challenge.invalid);
  const wish = { tenant, rememberMe: family.lifetime_days > 7, client, method: 'switch' };
  const membership = await users.findMembership(db, user.id, tenant);
  // Who has passed the second factor need not pass it again.
  const login =
    family.second_factor && membership?.is_active && membership.status === 'active'
      ? await startLogin(identity, user, membership, { ...wish, secondFactor: true })
      : await beginLogin(identity, user, wish);
  const at = identity.clock.now();
  await identity.database.transaction(async (trx) => {
    await store.revokeTokenFamily(trx, family.family_id, { at, reason: 'switched' });
    await announceAccess(trx, user.id);
    await recordAct(trx, actBy(principal, { act: 'login.switch', details: { to: login.tenant.slug } }), at);
  });
  identity.families.forget(family.family_id);
  return login;
}
