import { setTimeout as delay } from 'node:timers/promises';
import type { PlatformTransaction } from '../../../platform/database/database.ts';
import { newId } from '../../../platform/id.ts';
import { type Act, type Actor, ANONYMOUS, isSlug, type Origin, recordAct } from '../../tenancy/index.ts';
import { announceAccess } from '../access/access.store.ts';
import { readAccountName } from '../account-name.ts';
import { authErrors, challenge } from '../identity.errors.ts';
import * as users from '../identity.store.ts';
import type { Identity } from '../identity.ts';
import * as lock from '../login-lock/login-lock.ts';
import { normalisePassword } from '../password/password-rules.ts';
import { requireStanding } from '../standing.ts';
import { beginLogin, type Login, type LoginClient, presentLogin } from './begin-login.ts';
import { hashToken, isRefreshToken, newRefreshToken } from './refresh-token.ts';
import * as store from './token-family.store.ts';

export type { Login } from './begin-login.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

export type LoginInput = {
  /** An e-mail address or a user name. */
  name: string;
  password: string;
  /** Slug; without it the tenant that the user joined first. */
  tenant?: string | undefined;
  rememberMe?: boolean | undefined;
  /** What the request is counted under; its failures count, too. */
  address?: string | undefined;
  client?: LoginClient | undefined;
};

/**
 * Logs a user in. That the account is inactive, or the tenant another's, is told only after the right password.
 * @throws ApiError ERR_AUTH_001, ERR_AUTH_005, ERR_AUTH_008 and what `beginLogin` does
 */
export async function login(identity: Identity, input: LoginInput, signal?: AbortSignal): Promise<Login> {
  const { tenant, rememberMe, client = {} } = input;
  const user = await checkPassword(identity, input, signal);
  return beginLogin(identity, user, { tenant, rememberMe, client, method: 'password' });
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
    if (user) await noteFailure(identity, user.id, input);
    identity.countLogin('wrong');
    await delay(Math.max(0, answerAt - performance.now()), undefined, signal ? { signal } : {});
    throw authErrors.badCredentials(undefined, challenge.absent);
  }
  if (verdict.outdated) await renewHash(identity, user, input.password);
  const { password_hash: _, ...known } = user;
  return known;
}

/** Where the tenant's admins see it: in the tenant that the login would have led to. */
async function noteFailure(identity: Identity, userId: string, { client, tenant: slug }: LoginInput): Promise<void> {
  const wanted = slug !== undefined && isSlug(slug) ? slug : undefined;
  const tenant = await users.findMembership(identity.database.db, userId, wanted);
  const act = {
    act: 'login.fail',
    tenantId: tenant?.id ?? null,
    actor: ANONYMOUS,
    target: { kind: 'user', id: userId },
    origin: client?.origin,
    details: { reason: 'password' },
  } as const;
  await identity.database.transaction((trx) => recordAct(trx, act, identity.clock.now()));
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

/**
 * Spends a refresh token for the next one. A token that was spent before is in two hands: its whole family ends.
 *
 * There is no time of grace for a client that sends the same token twice: whoever stole a token could use that time too,
 * and two clients cannot tell each other apart. A client must not refresh in parallel.
 * @throws ApiError ERR_AUTH_002, ERR_USER_003, ERR_AUTH_006, ERR_AUTH_007
 */
export async function refresh(identity: Identity, refreshToken: string, origin?: Origin): Promise<Login> {
  if (!isRefreshToken(refreshToken)) throw invalidRefreshToken();
  const rotation = await rotate(identity, refreshToken, origin);
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
  return presentLogin(identity, { user, tenant, familyId: state.family_id, refreshToken: next });
}

type Rotation =
  | { kind: 'rotated'; state: store.FamilyStateRow; next: string }
  | { kind: 'reused'; familyId: string }
  | { kind: 'unknown' };

function rotate(identity: Identity, refreshToken: string, origin?: Origin): Promise<Rotation> {
  const now = identity.clock.now();
  const hash = hashToken(refreshToken);
  return identity.database.transaction(async (trx) => {
    const spent = await store.spendRefreshToken(trx, hash, now);
    if (!spent) return endReused(trx, hash, now, origin);
    const state = await store.findFamilyState(trx, spent.family_id);
    if (!state || state.revoked_at !== null || spent.expires_at <= now) throw invalidRefreshToken();
    requireStanding(state);
    if (state.requires_second_factor && !state.second_factor) throw invalidRefreshToken();
    return { kind: 'rotated', state, next: await issueNext(trx, state, spent.id, now) };
  });
}

/** What it finds is a value, not an exception: the revocation must be committed. */
async function endReused(trx: PlatformTransaction, hash: string, at: Date, origin?: Origin): Promise<Rotation> {
  const family = await store.findFamilyOfToken(trx, hash);
  if (family === undefined) return { kind: 'unknown' };
  if (await store.revokeTokenFamily(trx, family.id, { at, reason: 'reuse' })) {
    await recordAct(trx, endedBy(ANONYMOUS, 'login.reuse', family, origin), at);
  }
  return { kind: 'reused', familyId: family.id };
}

function endedBy(actor: Actor, act: 'login.reuse' | 'login.end', family: store.FamilyOwner, origin?: Origin): Act {
  const { id, user_id, tenant_id: tenantId } = family;
  return { act, tenantId, actor, target: { kind: 'login', id }, origin, details: { user_id } };
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
  await store.extendTokenFamily(trx, family_id, expires_at, now);
  await store.deleteExpiredTokens(trx, family_id, now);
  return token;
}

/** Ends the login that a refresh token, or an access token even if it has expired, belongs to. Ending it twice, or one
 * that is unknown, is no fault. */
export async function logout(identity: Identity, token: string, origin?: Origin): Promise<void> {
  const { db } = identity.database;
  const family = isRefreshToken(token)
    ? await store.findFamilyOfToken(db, hashToken(token))
    : await familyOf(identity, token);
  if (family === undefined) return;
  const at = identity.clock.now();
  await identity.database.transaction(async (trx) => {
    if (!(await store.revokeTokenFamily(trx, family.id, { at, reason: 'logout' }))) return;
    await announceAccess(trx, family.user_id);
    await recordAct(trx, endedBy({ kind: 'user', id: family.user_id }, 'login.end', family, origin), at);
  });
  identity.families.forget(family.id);
}

async function familyOf(identity: Identity, token: string): Promise<store.FamilyOwner | undefined> {
  const claims = await identity.tokens.readExpired(token);
  return claims ? { id: claims.familyId, user_id: claims.userId, tenant_id: claims.tenantId } : undefined;
}

function invalidRefreshToken() {
  return authErrors.invalidToken(
    'The refresh token is invalid, expired, spent or revoked. Log in again.',
    challenge.invalid,
  );
}
