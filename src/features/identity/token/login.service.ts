import { setTimeout as delay } from 'node:timers/promises';
import type { PlatformTransaction } from '../../../platform/database/database.ts';
import { newId } from '../../../platform/id.ts';
import { isSlug } from '../../tenancy/index.ts';
import { readAccountName } from '../account-name.ts';
import { authErrors, challenge, userErrors } from '../identity.errors.ts';
import * as users from '../identity.store.ts';
import type { Identity } from '../identity.ts';
import * as lock from '../login-lock/login-lock.ts';
import { normalisePassword } from '../password/password-rules.ts';
import { requireStanding } from '../standing.ts';
import { hashToken, isRefreshToken, newRefreshToken } from './refresh-token.ts';
import * as store from './token-family.store.ts';

export type LoginInput = {
  /** An e-mail address or a user name. */
  name: string;
  password: string;
  /** Slug; without it the tenant that the user joined first. */
  tenant?: string | undefined;
  rememberMe?: boolean | undefined;
  /** Where the request came from; its failures count, too. */
  address?: string | undefined;
};

export type Login = {
  accessToken: string;
  /** Seconds. */
  expiresIn: number;
  refreshToken: string;
  user: users.UserRow;
  tenant: users.MembershipRow;
};

const DAY_MS = 24 * 60 * 60 * 1000;
const LIFETIME_DAYS = 7;
const REMEMBERED_LIFETIME_DAYS = 30;

/**
 * Logs a user in. That the account is inactive, or the tenant another's, is told only after the right password.
 * @throws ApiError ERR_AUTH_001, ERR_AUTH_005, ERR_AUTH_006, ERR_AUTH_008, ERR_USER_003, ERR_USER_004, ERR_USER_005
 */
export async function login(identity: Identity, input: LoginInput, signal?: AbortSignal): Promise<Login> {
  const user = await checkPassword(identity, input, signal);
  if (!user.is_active) throw userErrors.inactive();
  const tenant = await chooseTenant(identity, user.id, input.tenant);
  if (tenant.status === 'suspended' && !user.is_operator) throw authErrors.tenantSuspended();
  return startLogin(identity, user, tenant, input.rememberMe ? REMEMBERED_LIFETIME_DAYS : LIFETIME_DAYS);
}

async function checkPassword(identity: Identity, input: LoginInput, signal?: AbortSignal): Promise<users.UserRow> {
  const answerAt = performance.now() + identity.failureFloor;
  const name = readAccountName(input.name);
  const user = name === null ? undefined : await users.findUserCredential(identity.database.db, name);
  const subjects = lock.subjectsOf(user?.id ?? null, input.name, input.address);
  await lock.refuseLocked(identity, subjects);
  const verdict = await identity.passwords.verify(input.password, user?.password_hash ?? null, signal);
  if (!user || !verdict.matches) {
    await lock.countFailure(identity, subjects);
    await delay(Math.max(0, answerAt - performance.now()), undefined, signal ? { signal } : {});
    throw authErrors.badCredentials(undefined, challenge.absent);
  }
  if (verdict.outdated) await renewHash(identity, user, input.password);
  const { password_hash: _, ...known } = user;
  return known;
}

/** The login goes on when this fails: the old hash is still good, and the next login tries again. */
async function renewHash(identity: Identity, user: users.UserCredentialRow, password: string): Promise<void> {
  try {
    const to = await identity.passwords.hash(normalisePassword(password));
    await users.replacePasswordHash(identity.database.db, user.id, { from: user.password_hash, to });
  } catch (error) {
    identity.log.warn({ err: error, user_id: user.id }, 'a password hash could not be renewed');
  }
}

async function chooseTenant(identity: Identity, userId: string, slug?: string): Promise<users.MembershipRow> {
  if (slug !== undefined && !isSlug(slug)) throw userErrors.tenantNotFound();
  const tenant = await users.findMembership(identity.database.db, userId, slug);
  if (tenant) return tenant;
  throw slug === undefined ? userErrors.noTenant() : userErrors.tenantNotFound();
}

async function startLogin(
  identity: Identity,
  user: users.UserRow,
  tenant: users.MembershipRow,
  lifetimeDays: number,
): Promise<Login> {
  const now = identity.clock.now();
  const familyId = newId();
  const expires_at = new Date(now.getTime() + lifetimeDays * DAY_MS);
  const refreshToken = newRefreshToken();
  await identity.database.transaction(async (trx) => {
    // Access tokens outlive their family's last refresh token by at most their own life.
    const gone = new Date(now.getTime() - identity.tokens.lifetime * 1000);
    await store.deleteExpiredFamilies(trx, user.id, gone);
    await store.insertTokenFamily(trx, {
      id: familyId,
      user_id: user.id,
      tenant_id: tenant.id,
      lifetime_days: lifetimeDays,
      expires_at,
    });
    await store.insertRefreshToken(trx, {
      id: newId(),
      family_id: familyId,
      parent_id: null,
      token_hash: hashToken(refreshToken),
      expires_at,
    });
    await users.setLastLogin(trx, user.id, now);
    await lock.forgetFailures(trx, user.id);
  });
  return present(identity, { user: { ...user, last_login_at: now }, tenant, familyId, refreshToken });
}

async function present(
  identity: Identity,
  login: { user: users.UserRow; tenant: users.MembershipRow; familyId: string; refreshToken: string },
): Promise<Login> {
  const { user, tenant, familyId, refreshToken } = login;
  const { id: tenantId, slug: tenantSlug, role } = tenant;
  const accessToken = await identity.tokens.issue({ userId: user.id, tenantId, tenantSlug, role, familyId });
  return { accessToken, expiresIn: identity.tokens.lifetime, refreshToken, user, tenant };
}

/**
 * Spends a refresh token for the next one. A token that was spent before is in two hands: its whole family ends.
 *
 * There is no time of grace for a client that sends the same token twice: whoever stole a token could use that time too,
 * and two clients cannot tell each other apart. A client must not refresh in parallel.
 * @throws ApiError ERR_AUTH_002, ERR_USER_003, ERR_AUTH_006, ERR_AUTH_007
 */
export async function refresh(identity: Identity, refreshToken: string): Promise<Login> {
  if (!isRefreshToken(refreshToken)) throw invalidRefreshToken();
  const rotation = await rotate(identity, refreshToken);
  if (rotation.kind === 'unknown') throw invalidRefreshToken();
  if (rotation.kind === 'reused') {
    identity.families.forget(rotation.familyId);
    identity.log.warn({ family_id: rotation.familyId }, 'a spent refresh token came again; its login was ended');
    throw invalidRefreshToken();
  }
  const { state, next } = rotation;
  const { db } = identity.database;
  const [user, tenant] = await Promise.all([
    users.findUser(db, state.user_id),
    users.findMembership(db, state.user_id, state.slug),
  ]);
  if (!user || !tenant) throw invalidRefreshToken();
  return present(identity, { user, tenant, familyId: state.family_id, refreshToken: next });
}

type Rotation =
  | { kind: 'rotated'; state: store.FamilyStateRow; next: string }
  | { kind: 'reused'; familyId: string }
  | { kind: 'unknown' };

function rotate(identity: Identity, refreshToken: string): Promise<Rotation> {
  const now = identity.clock.now();
  const hash = hashToken(refreshToken);
  return identity.database.transaction(async (trx) => {
    const spent = await store.spendRefreshToken(trx, hash, now);
    if (!spent) return endReused(trx, hash, now);
    const state = await store.findFamilyState(trx, spent.family_id);
    if (!state || state.revoked_at !== null || spent.expires_at <= now) throw invalidRefreshToken();
    requireStanding(state);
    return { kind: 'rotated', state, next: await issueNext(trx, state, spent.id, now) };
  });
}

/** What it finds is a value, not an exception: the revocation must be committed. */
async function endReused(trx: PlatformTransaction, hash: string, at: Date): Promise<Rotation> {
  const familyId = await store.findFamilyOfToken(trx, hash);
  if (familyId === undefined) return { kind: 'unknown' };
  await store.revokeTokenFamily(trx, familyId, { at, reason: 'reuse' });
  return { kind: 'reused', familyId };
}

async function issueNext(
  trx: PlatformTransaction,
  { family_id, lifetime_days }: store.FamilyStateRow,
  parent_id: string,
  now: Date,
): Promise<string> {
  const token = newRefreshToken();
  const expires_at = new Date(now.getTime() + lifetime_days * DAY_MS);
  await store.insertRefreshToken(trx, { id: newId(), family_id, parent_id, token_hash: hashToken(token), expires_at });
  await store.extendTokenFamily(trx, family_id, expires_at);
  await store.deleteExpiredTokens(trx, family_id, now);
  return token;
}

/** Ends the login that a refresh token, or an access token even if it has expired, belongs to. Ending it twice, or one
 * that is unknown, is no fault. */
export async function logout(identity: Identity, token: string): Promise<void> {
  const { db } = identity.database;
  const familyId = isRefreshToken(token)
    ? await store.findFamilyOfToken(db, hashToken(token))
    : (await identity.tokens.readExpired(token))?.familyId;
  if (familyId === undefined) return;
  await store.revokeTokenFamily(db, familyId, { at: identity.clock.now(), reason: 'logout' });
  identity.families.forget(familyId);
}

function invalidRefreshToken() {
  return authErrors.invalidToken(
    'The refresh token is invalid, expired, spent or revoked. Log in again.',
    challenge.invalid,
  );
}
