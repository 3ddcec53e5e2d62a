import type { PlatformTransaction } from '../../../platform/database/database.ts';
import { ANONYMOUS, type Origin, recordAct } from '../../tenancy/index.ts';
import { forgetAccess } from '../access/access.ts';
import { authErrors } from '../identity.errors.ts';
import * as users from '../identity.store.ts';
import type { Identity } from '../identity.ts';
import { takeToken } from '../one-time-token/one-time-token.store.ts';
import { hashOf, isSecret, issueToken } from '../one-time-token/one-time-token.ts';
import { requirePerson } from '../password/password-proof.ts';
import type { Principal } from '../principal.ts';
import { finishEmailChange, takenMeanwhile } from './change-email.service.ts';
import { verifyEmailMail } from './mail-texts.ts';

const VERIFY_MINUTES = 24 * 60;

/** Sends the link that shows that the address is the user's; nothing where the installation sends no mail. */
export async function postVerification(
  identity: Identity,
  trx: PlatformTransaction,
  user: { id: string; email: string },
): Promise<void> {
  if (!identity.outbox) return;
  const { id: userId, email } = user;
  const wanted = { purpose: 'verify-email', userId, email, minutes: VERIFY_MINUTES } as const;
  const token = await issueToken(trx, identity.clock, wanted);
  await identity.outbox.post(trx, verifyEmailMail(email, `${identity.publicUrl}/verify-email#token=${token}`));
}

/** Sends it again. No fault when the address is verified. @throws ApiError ERR_AUTH_014, ERR_AUTH_018 */
export async function sendVerification(identity: Identity, principal: Principal): Promise<void> {
  requirePerson(principal);
  if (!identity.outbox) throw authErrors.mailNotConfigured();
  await identity.database.transaction(async (trx) => {
    const user = await users.findUser(trx, principal.userId);
    if (user && user.email_verified_at === null) await postVerification(identity, trx, user);
  });
}

/** Whichever mail the link was in: of a new account, or of an account that changes its address.
 * @throws ApiError ERR_AUTH_011, ERR_USER_002 */
export async function verifyEmail(identity: Identity, secret: string, origin?: Origin): Promise<void> {
  if (!isSecret(secret)) throw authErrors.badOneTimeToken();
  const now = identity.clock.now();
  const work = identity.database.transaction(async (trx) => {
    const change = await takeToken(trx, hashOf(secret), 'change-email', now);
    if (change) {
      await finishEmailChange(identity, trx, change, origin);
      return change.user_id;
    }
    const token = await takeToken(trx, hashOf(secret), 'verify-email', now);
    const user = token && (await users.findUser(trx, token.user_id));
    if (!token || !user || user.email !== token.email) throw authErrors.badOneTimeToken();
    await users.setEmailVerified(trx, user.id, now);
    const tenant = await users.findMembership(trx, user.id);
    const target = { kind: 'user', id: user.id };
    await recordAct(trx, { act: 'email.verify', tenantId: tenant?.id ?? null, actor: ANONYMOUS, target, origin }, now);
    return user.id;
  });
  const userId = await work.catch((error: unknown) => {
    throw takenMeanwhile(error);
  });
  await forgetAccess(identity, userId);
}
