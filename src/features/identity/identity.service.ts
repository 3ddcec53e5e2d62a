import { randomBytes } from 'node:crypto';
import type { PlatformTransaction } from '../../platform/database/database.ts';
import { violatesUnique } from '../../platform/database/failures.ts';
import { newId } from '../../platform/id.ts';
import { ANONYMOUS, createTenant, type Origin, recordAct, SYSTEM } from '../tenancy/index.ts';
import { newEmail, newUsername, shownName } from './account-name.ts';
import { userErrors } from './identity.errors.ts';
import * as store from './identity.store.ts';
import type { Identity } from './identity.ts';
import type { IdPage } from './list-page.ts';
import { forgetFailures } from './login-lock/login-lock.ts';
import { postVerification } from './mail/verify-email.service.ts';
import { requirePerson } from './password/password-proof.ts';
import { newPassword } from './password/password-rules.ts';
import type { Principal } from './principal.ts';
import { deleteSecondFactor } from './second-factor/second-factor.store.ts';
import { revokeFamiliesOf } from './token/token-family.store.ts';

export type NewAccount = {
  email: string;
  password: string;
  username?: string | null | undefined;
  fullName?: string | null | undefined;
};

export type Account = { user: store.UserRow; tenant: store.MembershipRow };

/**
 * Makes a user with a tenant of their own, or neither. The first user of the installation becomes its operator.
 * @throws ApiError ERR_REQUEST_002, ERR_USER_002, ERR_AUTH_005
 */
export async function register(
  identity: Identity,
  input: NewAccount,
  signal?: AbortSignal,
  origin?: Origin,
): Promise<Account> {
  const email = newEmail(input.email);
  const username = input.username == null ? null : newUsername(input.username);
  const full_name = input.fullName == null ? null : shownName('full_name', input.fullName);
  const password_hash = await identity.passwords.hash(await newPassword(input.password), signal);
  const name = username ?? email.slice(0, email.lastIndexOf('@'));
  const user = { id: newId(), email, username, full_name, password_hash };
  return insertAccount(identity, async (trx) => {
    const account = await createAccount(identity, trx, user, { name });
    await postVerification(identity, trx, account.user);
    const target = { kind: 'user', id: user.id };
    const act = { act: 'user.register', tenantId: account.tenant.id, actor: ANONYMOUS, target, origin } as const;
    await recordAct(trx, act, identity.clock.now());
    return account;
  });
}

export type FirstOperator = {
  email: string;
  username: string;
  password: string;
  /** Who they are, for what the first start does in their name. */
  principal: Principal;
};

const FIRST_OPERATOR = { email: 'admin@parley.local', username: 'admin', tenant: 'main' };

/** For the first start: an operator with a random password, which is told this once. Null when there are users. */
export async function createFirstOperator(identity: Identity): Promise<FirstOperator | null> {
  const { email, username, tenant: slug } = FIRST_OPERATOR;
  const password = randomPassword();
  const password_hash = await identity.passwords.hash(password);
  const created = await identity.database.transaction(async (trx) => {
    if (!(await store.hasNoUser(trx))) return null;
    const user = { id: newId(), email, username, full_name: null, password_hash };
    return createAccount(identity, trx, user, { name: slug, slug });
  });
  if (!created) return null;
  const { user, tenant } = created;
  const principal: Principal = {
    userId: user.id,
    tenant: { id: tenant.id, slug: tenant.slug },
    role: 'owner',
    operator: true,
    via: 'access-token',
    apiKeyId: null,
    scopes: null,
  };
  return { email, username, password, principal };
}

/** Gives an account a new random password, told this once, and ends all its logins; with `secondFactor` it also removes
 * its second factor. Null where there is no such account.
 * For the operator at the machine, who lost the first credential or helps somebody who forgot theirs. */
export async function resetPassword(
  identity: Identity,
  email: string,
  options: { secondFactor?: boolean } = {},
): Promise<string | null> {
  const password = randomPassword();
  const hash = await identity.passwords.hash(password);
  const found = await identity.database.transaction(async (trx) => {
    const userId = await store.setPasswordHash(trx, newEmail(email), hash);
    if (userId === undefined) return false;
    const at = identity.clock.now();
    await revokeFamiliesOf(trx, userId, { at, reason: 'password' });
    await forgetFailures(trx, userId);
    if (options.secondFactor) await deleteSecondFactor(trx, userId);
    const details = { by: 'command line', second_factor_removed: options.secondFactor ?? false };
    const target = { kind: 'user', id: userId };
    await recordAct(trx, { act: 'password.reset', tenantId: null, actor: SYSTEM, target, details }, at);
    return true;
  });
  return found ? password : null;
}

function randomPassword(): string {
  return randomBytes(18).toString('base64url');
}

/** A user with a tenant of its own, in the caller's transaction. */
export async function createAccount(
  identity: Identity,
  trx: PlatformTransaction,
  user: Omit<store.NewUser, 'is_operator'>,
  tenant: { name: string; slug?: string },
): Promise<Account> {
  const is_operator = await store.hasNoUser(trx);
  const created = await store.insertUser(trx, { ...user, is_operator });
  const { id, slug, name, status, created_at } = await createTenant(trx, tenant, identity.migrations);
  const membership = { role: 'owner', is_active: true, requires_second_factor: false } as const;
  await store.insertMembership(trx, { tenant_id: id, user_id: user.id, role: 'owner' });
  return { user: created, tenant: { id, slug, name, status, created_at, ...membership } };
}

const SLUG_ATTEMPTS = 3;

/** Two who register at the same time may be given the same slug; the one who comes later then gets another. */
export async function insertAccount(
  identity: Identity,
  work: (trx: PlatformTransaction) => Promise<Account>,
): Promise<Account> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await identity.database.transaction(work);
    } catch (error) {
      if (violatesUnique(error, 'user_email_unique')) throw taken('email');
      if (violatesUnique(error, 'user_username_unique')) throw taken('username');
      if (!violatesUnique(error, 'tenant_slug_key') || attempt === SLUG_ATTEMPTS) throw error;
    }
  }
}

function taken(field: 'email' | 'username') {
  const message = 'is taken by another account';
  return userErrors.taken(`There is already an account with this ${field}.`, { fields: [{ field, message }] });
}

/** The principal's user, and the tenant that it acts in. */
export async function describePrincipal(identity: Identity, principal: Principal): Promise<Account> {
  const { db } = identity.database;
  const [user, tenant] = await Promise.all([
    store.findUser(db, principal.userId),
    store.findMembership(db, principal.userId, principal.tenant.slug),
  ]);
  if (!user || !tenant) throw userErrors.noTenant();
  return { user, tenant };
}

/** The tenants of the principal's user, one more than the limit if there is one. */
export function listTenantsOf(identity: Identity, principal: Principal, page: IdPage): Promise<store.MembershipRow[]> {
  return store.listMemberships(identity.database.db, principal.userId, page);
}

/** The users of the principal's tenant, one more than the limit if there is one. */
export function listMembers(identity: Identity, principal: Principal, page: IdPage): Promise<store.MemberRow[]> {
  return store.listMembers(identity.database.db, principal.tenant.id, page);
}

/**
 * Changes what the user may change of themselves.
 * @throws ApiError ERR_AUTH_014, ERR_USER_002, ERR_REQUEST_002
 */
export async function updateProfile(
  identity: Identity,
  principal: Principal,
  input: { username?: string | null | undefined; fullName?: string | null | undefined },
): Promise<void> {
  requirePerson(principal);
  const { username, fullName } = input;
  const change = {
    ...(username !== undefined && { username: username === null ? null : newUsername(username) }),
    ...(fullName !== undefined && { full_name: fullName === null ? null : shownName('full_name', fullName) }),
  };
  if (Object.keys(change).length === 0) return;
  try {
    await identity.database.transaction((trx) => store.updateProfile(trx, principal.userId, change));
  } catch (error) {
    throw violatesUnique(error, 'user_username_unique') ? taken('username') : error;
  }
}
