import { setTimeout as delay } from 'node:timers/promises';
import type { PlatformTransaction } from '../../../platform/database/database.ts';
import { type Act, ANONYMOUS, actBy, type Origin, recordAct } from '../../tenancy/index.ts';
import { announceAccess } from '../access/access.store.ts';
import { forgetAccess } from '../access/access.ts';
import { normaliseEmail } from '../account-name.ts';
import { revokeApiKeysOf } from '../api-key/api-key.store.ts';
import { authErrors } from '../identity.errors.ts';
import * as users from '../identity.store.ts';
import type { Identity } from '../identity.ts';
import { forgetFailures } from '../login-lock/login-lock.ts';
import { passwordChangedMail, resetPasswordMail } from '../mail/mail-texts.ts';
import { deleteExternalIdentities } from '../oauth/oauth.store.ts';
import { deleteTokensOf, takeToken } from '../one-time-token/one-time-token.store.ts';
import { hashOf, isSecret, issueToken } from '../one-time-token/one-time-token.ts';
import type { Principal } from '../principal.ts';
import { deleteSecondFactor } from '../second-factor/second-factor.store.ts';
import { revokeFamiliesOf } from '../token/token-family.store.ts';
import { requirePassword, requirePerson } from './password-proof.ts';
import { newPassword } from './password-rules.ts';

const RESET_MINUTES = 30;

/**
 * Sends a link for a new password, where there is such an account. The answer, and its time, is the same where there is none.
 * @throws ApiError ERR_AUTH_018
 */
export async function forgotPassword(
  identity: Identity,
  typed: string,
  origin?: Origin,
  signal?: AbortSignal,
): Promise<void> {
  const { outbox } = identity;
  if (!outbox) throw authErrors.mailNotConfigured();
  const answerAt = performance.now() + identity.failureFloor;
  const email = normaliseEmail(typed);
  const user = email === null ? undefined : await users.findUserCredential(identity.database.db, { email });
  if (user?.is_active && user.kind === 'person') {
    await identity.database.transaction(async (trx) => {
      const token = await issueToken(trx, identity.clock, {
        purpose: 'reset-password',
        userId: user.id,
        email: user.email,
        minutes: RESET_MINUTES,
      });
      // Behind the #, so that the token is in no server's log.
      await outbox.post(trx, resetPasswordMail(user.email, `${identity.publicUrl}/reset-password#token=${token}`));
      await recordAct(trx, await ofUser(trx, user.id, 'password.ask-reset', origin), identity.clock.now());
    });
  }
  await delay(Math.max(0, answerAt - performance.now()), undefined, signal ? { signal } : {});
}

/** An act of somebody who is not logged in, on an account: in the tenant that the account joined first. */
async function ofUser(trx: PlatformTransaction, userId: string, act: Act['act'], origin?: Origin): Promise<Act> {
  const tenant = await users.findMembership(trx, userId);
  return { act, tenantId: tenant?.id ?? null, actor: ANONYMOUS, target: { kind: 'user', id: userId }, origin };
}

/**
 * Sets a new password by the token of a mail, which also shows that the address is the account's. All logins end.
 *
 * An account whose address was never verified may have been made by somebody else, to wait for its owner: its API keys and
 * second factor go, too.
 * @throws ApiError ERR_AUTH_011, ERR_REQUEST_002 naming `password`
 */
export async function resetByToken(
  identity: Identity,
  input: { token: string; password: string },
  origin?: Origin,
  signal?: AbortSignal,
): Promise<void> {
  if (!isSecret(input.token)) throw authErrors.badOneTimeToken();
  const hash = await identity.passwords.hash(await newPassword(input.password), signal);
  const now = identity.clock.now();
  const userId = await identity.database.transaction(async (trx) => {
    const token = await takeToken(trx, hashOf(input.token), 'reset-password', now);
    const user = token && (await users.findUser(trx, token.user_id));
    if (!token || !user?.is_active || user.email !== token.email) throw authErrors.badOneTimeToken();
    if (user.email_verified_at === null) {
      await revokeApiKeysOf(trx, user.id, now);
      await deleteSecondFactor(trx, user.id);
      await deleteExternalIdentities(trx, user.id);
    }
    await users.setEmailVerified(trx, user.id, now);
    await replacePassword(identity, trx, user, hash, null);
    await recordAct(trx, await ofUser(trx, user.id, 'password.reset', origin), now);
    return user.id;
  });
  await forgetAccess(identity, userId);
}

/**
 * Changes the password and ends every other login.
 * @throws ApiError ERR_AUTH_008, ERR_AUTH_013, ERR_AUTH_014, ERR_REQUEST_002 naming `new_password`
 */
export async function changePassword(
  identity: Identity,
  principal: Principal,
  input: { current?: string | undefined; next: string },
  signal?: AbortSignal,
): Promise<void> {
  requirePerson(principal);
  await requirePassword(identity, principal, input.current, signal);
  const hash = await identity.passwords.hash(await newPassword(input.next, 'new_password'), signal);
  await identity.database.transaction(async (trx) => {
    const user = await users.findUser(trx, principal.userId);
    if (!user) throw authErrors.wrongPassword();
    await replacePassword(identity, trx, user, hash, principal.loginId ?? null);
    await recordAct(trx, actBy(principal, { act: 'password.change' }), identity.clock.now());
  });
  await forgetAccess(identity, principal.userId);
}

async function replacePassword(
  identity: Identity,
  trx: PlatformTransaction,
  user: users.UserRow,
  hash: string,
  keptLogin: string | null,
): Promise<void> {
  await users.setPasswordHash(trx, user.email, hash);
  await revokeFamiliesOf(trx, user.id, { at: identity.clock.now(), reason: 'password', except: keptLogin });
  // A login that waits for its second step was begun with the old one.
  await deleteTokensOf(trx, user.id, 'second-factor');
  await deleteTokensOf(trx, user.id, 'reset-password');
  await deleteTokensOf(trx, user.id, 'change-email');
  await forgetFailures(trx, user.id);
  await announceAccess(trx, user.id);
  await identity.outbox?.post(trx, passwordChangedMail(user.email, `${identity.publicUrl}/forgot-password`));
}
