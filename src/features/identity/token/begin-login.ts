import type { PlatformTransaction } from '../../../platform/database/database.ts';
import { newId } from '../../../platform/id.ts';
import { isSlug, type Origin, recordAct } from '../../tenancy/index.ts';
import { authErrors, challenge, userErrors } from '../identity.errors.ts';
import * as users from '../identity.store.ts';
import type { Identity } from '../identity.ts';
import { forgetFailures } from '../login-lock/login-lock.ts';
import { issueToken } from '../one-time-token/one-time-token.ts';
import { findSecondFactor } from '../second-factor/second-factor.store.ts';
import { hashToken, newRefreshToken } from './refresh-token.ts';
import * as store from './token-family.store.ts';

export type Login = {
  accessToken: string;
  /** Seconds. */
  expiresIn: number;
  refreshToken: string;
  user: users.UserRow;
  tenant: users.MembershipRow;
};

/** What a login is begun by, as people see it in the list of their logins. */
export type LoginClient = { origin?: Origin | undefined; userAgent?: string | undefined };

export type LoginWish = {
  /** Slug; without it the tenant that the user joined first. */
  tenant?: string | undefined;
  rememberMe?: boolean | undefined;
  /** `password`, or the name of a provider. */
  method: string;
  client: LoginClient;
};

const DAY_MS = 24 * 60 * 60 * 1000;
const LIFETIME_DAYS = 7;
const REMEMBERED_LIFETIME_DAYS = 30;
const CHALLENGE_MINUTES = 10;
const USER_AGENT_MAX = 200;

/** What a login is waiting for its second step with. */
export type LoginChallenge = { tenant: string; rememberMe: boolean; method: string };

/**
 * Logs in a user who has proven to be themselves, or asks for their second factor.
 * @throws ApiError ERR_USER_003, ERR_USER_004, ERR_USER_005, ERR_USER_006, ERR_AUTH_006, ERR_AUTH_012; ERR_AUTH_009 with the
 * members `challenge` and `enrolment` where a second factor is needed
 */
export async function beginLogin(identity: Identity, user: users.UserRow, wish: LoginWish): Promise<Login> {
  if (!user.is_active) throw userErrors.inactive();
  if (identity.requireVerifiedEmail && user.email_verified_at === null) throw authErrors.emailNotVerified();
  const tenant = await chooseTenant(identity, user.id, wish.tenant);
  if (tenant.status === 'suspended' && !user.is_operator) throw authErrors.tenantSuspended();
  const factor = await findSecondFactor(identity.database.db, user.id);
  const enrolled = factor !== undefined && factor.confirmed_at !== null;
  if (enrolled || tenant.requires_second_factor) throw await askSecondFactor(identity, user, tenant, wish, enrolled);
  return startLogin(identity, user, tenant, { ...wish, secondFactor: false });
}

async function chooseTenant(identity: Identity, userId: string, slug?: string): Promise<users.MembershipRow> {
  if (slug !== undefined && !isSlug(slug)) throw userErrors.tenantNotFound();
  const tenant = await users.findMembership(identity.database.db, userId, slug);
  if (tenant?.is_active === false) throw userErrors.memberInactive();
  if (tenant) return tenant;
  throw slug === undefined ? userErrors.noTenant() : userErrors.tenantNotFound();
}

async function askSecondFactor(
  identity: Identity,
  user: users.UserRow,
  tenant: users.MembershipRow,
  { rememberMe = false, method }: LoginWish,
  enrolled: boolean,
) {
  const context: LoginChallenge = { tenant: tenant.slug, rememberMe, method };
  const { id: userId, email } = user;
  const token = await identity.database.transaction((trx) =>
    issueToken(trx, identity.clock, { purpose: 'second-factor', userId, email, minutes: CHALLENGE_MINUTES, context }),
  );
  identity.countLogin('second-factor');
  const detail = enrolled
    ? undefined
    : 'This tenant asks for a second factor. Send challenge to POST /v1/auth/login/second-factor/enrolment to set one up.';
  return authErrors.secondFactorNeeded(detail, {
    ...challenge.absent,
    extensions: { challenge: token, enrolment: !enrolled, expires_in: CHALLENGE_MINUTES * 60 },
  });
}

export type StartedLogin = LoginWish & { secondFactor: boolean };

/** Starts the login, with what else belongs into its transaction. */
export async function startLogin(
  identity: Identity,
  user: users.UserRow,
  tenant: users.MembershipRow,
  wish: StartedLogin,
  before: (trx: PlatformTransaction) => Promise<void> = async () => undefined,
): Promise<Login> {
  const now = identity.clock.now();
  const familyId = newId();
  const refreshToken = newRefreshToken();
  await identity.database.transaction(async (trx) => {
    await before(trx);
    await insertLogin(identity, trx, { user, tenant, wish, familyId, refreshToken, now });
  });
  identity.countLogin('success');
  return presentLogin(identity, { user: { ...user, last_login_at: now }, tenant, familyId, refreshToken });
}

type NewLogin = {
  user: users.UserRow;
  tenant: users.MembershipRow;
  wish: StartedLogin;
  familyId: string;
  refreshToken: string;
  now: Date;
};

async function insertLogin(identity: Identity, trx: PlatformTransaction, login: NewLogin): Promise<void> {
  const { user, tenant, wish, familyId, refreshToken, now } = login;
  const { client, secondFactor, method } = wish;
  const lifetime_days = wish.rememberMe ? REMEMBERED_LIFETIME_DAYS : LIFETIME_DAYS;
  const expires_at = new Date(now.getTime() + lifetime_days * DAY_MS);
  // Access tokens outlive their family's last refresh token by at most their own life.
  const gone = new Date(now.getTime() - identity.tokens.lifetime * 1000);
  await store.deleteExpiredFamilies(trx, user.id, gone);
  await store.insertTokenFamily(trx, {
    id: familyId,
    user_id: user.id,
    tenant_id: tenant.id,
    lifetime_days,
    expires_at,
    second_factor: secondFactor,
    address: client.origin?.address ?? null,
    user_agent: client.userAgent?.slice(0, USER_AGENT_MAX) ?? null,
    last_used_at: now,
  });
  const token_hash = hashToken(refreshToken);
  await store.insertRefreshToken(trx, { id: newId(), family_id: familyId, parent_id: null, token_hash, expires_at });
  await users.setLastLogin(trx, user.id, now);
  await forgetFailures(trx, user.id);
  const act = {
    act: 'login.start',
    tenantId: tenant.id,
    actor: { kind: 'user', id: user.id },
    target: { kind: 'login', id: familyId },
    origin: client.origin,
    details: { method, second_factor: secondFactor },
  } as const;
  await recordAct(trx, act, now);
}

export async function presentLogin(
  identity: Identity,
  login: { user: users.UserRow; tenant: users.MembershipRow; familyId: string; refreshToken: string },
): Promise<Login> {
  const { user, tenant, familyId, refreshToken } = login;
  const { id: tenantId, slug: tenantSlug, role } = tenant;
  const accessToken = await identity.tokens.issue({ userId: user.id, tenantId, tenantSlug, role, familyId });
  return { accessToken, expiresIn: identity.tokens.lifetime, refreshToken, user, tenant };
}
