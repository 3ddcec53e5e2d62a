import type { PlatformTransaction } from '../../../platform/database/database.ts';
import { ANONYMOUS, recordAct } from '../../tenancy/index.ts';
import { authErrors, challenge as challenges, userErrors } from '../identity.errors.ts';
import * as users from '../identity.store.ts';
import type { Identity } from '../identity.ts';
import * as lock from '../login-lock/login-lock.ts';
import * as tokens from '../one-time-token/one-time-token.store.ts';
import { hashOf, isSecret } from '../one-time-token/one-time-token.ts';
import { confirmWithin, type Enrolment, makeSecret, takeCode } from '../second-factor/second-factor.service.ts';
import { findSecondFactor } from '../second-factor/second-factor.store.ts';
import { type Login, type LoginChallenge, type LoginClient, startLogin } from './begin-login.ts';

export type SecondStep = {
  challenge: string;
  /** Of the authenticator, or a recovery code. */
  code: string;
  /** What the request is counted under. */
  address?: string | undefined;
  client: LoginClient;
};

/** So many wrong codes end the challenge, so that the password is asked for again. */
const TRIES = 5;

/**
 * The second step of a login. Wrong codes count as failed logins. Where the factor was set up in this very login, its
 * recovery codes come with the answer.
 * @throws ApiError ERR_AUTH_008, ERR_AUTH_010, ERR_AUTH_011, ERR_USER_003, ERR_USER_004
 */
export async function passSecondFactor(
  identity: Identity,
  step: SecondStep,
): Promise<Login & { recoveryCodes: string[] | null }> {
  const { hash, waiting, user, context } = await findChallenge(identity, step.challenge);
  const subjects = lock.subjectsOf(user.id, '', step.address);
  await lock.refuseLocked(identity, subjects);
  const tenant = await users.findMembership(identity.database.db, user.id, context.tenant);
  if (!tenant) throw userErrors.tenantNotFound();
  if (!user.is_active) throw userErrors.inactive();
  if (!tenant.is_active) throw userErrors.memberInactive();
  let recoveryCodes: string[] | null = null;
  const spend = async (trx: PlatformTransaction): Promise<void> => {
    recoveryCodes = await spendCode(identity, trx, waiting.user_id, step.code);
    const taken = await tokens.takeToken(trx, hash, 'second-factor', identity.clock.now());
    if (!taken) throw authErrors.badOneTimeToken();
  };
  const { method, rememberMe } = context;
  const wish = { client: step.client, method, rememberMe, secondFactor: true };
  try {
    const login = await startLogin(identity, user, tenant, wish, spend);
    return { ...login, recoveryCodes };
  } catch (error) {
    if (!(error instanceof WrongCodeError)) throw error;
    await noteWrongCode(identity, { hash, subjects, userId: user.id, tenantId: tenant.id, client: step.client });
    throw authErrors.wrongCode(undefined, challenges.absent);
  }
}

class WrongCodeError extends Error {}

async function spendCode(
  identity: Identity,
  trx: PlatformTransaction,
  userId: string,
  code: string,
): Promise<string[] | null> {
  const factor = await findSecondFactor(trx, userId);
  if (factor && factor.confirmed_at === null) {
    const codes = await confirmWithin(identity, trx, userId, code);
    if (codes === null) throw new WrongCodeError();
    return codes;
  }
  if ((await takeCode(identity, trx, userId, code)) === null) throw new WrongCodeError();
  return null;
}

type WrongCode = { hash: string; subjects: lock.Subjects; userId: string; tenantId: string; client: LoginClient };

async function noteWrongCode(identity: Identity, wrong: WrongCode): Promise<void> {
  const { hash, subjects, userId, tenantId, client } = wrong;
  await lock.countFailure(identity, subjects);
  await tokens.countTokenFailure(identity.database.db, hash, TRIES);
  identity.countLogin('wrong');
  const act = {
    act: 'login.fail',
    tenantId,
    actor: ANONYMOUS,
    target: { kind: 'user', id: userId },
    origin: client.origin,
    details: { reason: 'second-factor' },
  } as const;
  await identity.database.transaction((trx) => recordAct(trx, act, identity.clock.now()));
}

/**
 * For a login into a tenant that asks for a second factor, of a user who has none: a secret for their authenticator. Its
 * first code goes to `passSecondFactor`.
 * @throws ApiError ERR_AUTH_011, ERR_AUTH_017
 */
export async function enrolAtLogin(identity: Identity, challenge: string): Promise<Enrolment> {
  const { user } = await findChallenge(identity, challenge);
  return makeSecret(identity, user.id, user.email);
}

async function findChallenge(identity: Identity, challenge: string) {
  if (!isSecret(challenge)) throw authErrors.badOneTimeToken();
  const hash = hashOf(challenge);
  const { db } = identity.database;
  const waiting = await tokens.findToken(db, hash, 'second-factor', identity.clock.now());
  const user = waiting && (await users.findUser(db, waiting.user_id));
  if (!waiting || !user) throw authErrors.badOneTimeToken('This login is not under way any more. Log in again.');
  return { hash, waiting, user, context: waiting.context as LoginChallenge };
}
