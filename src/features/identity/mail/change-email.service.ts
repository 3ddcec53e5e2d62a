import type { PlatformTransaction } from '../../../platform/database/database.ts';
import { violatesUnique } from '../../../platform/database/failures.ts';
import { ANONYMOUS, actBy, type Origin, recordAct } from '../../tenancy/index.ts';
import { announceAccess } from '../access/access.store.ts';
import { newEmail } from '../account-name.ts';
import { authErrors, userErrors } from '../identity.errors.ts';
import * as users from '../identity.store.ts';
import type { Identity } from '../identity.ts';
import { deleteTokensOf, type TokenRow } from '../one-time-token/one-time-token.store.ts';
import { issueToken } from '../one-time-token/one-time-token.ts';
import { requirePassword, requirePerson } from '../password/password-proof.ts';
import type { Principal } from '../principal.ts';
import { changeEmailMail, emailChangedMail, emailChangingMail } from './mail-texts.ts';

const CHANGE_MINUTES = 24 * 60;

/**
 * Begins to change the address of an account: the new one gets a link, which changes it when it is followed; the old one is
 * told at once, so that its owner has time to object.
 * @throws ApiError ERR_AUTH_008, 013, 014, 018, ERR_USER_002, ERR_REQUEST_002 naming `email`
 */
export async function beginEmailChange(
  identity: Identity,
  principal: Principal,
  input: { email: string; password?: string | undefined },
  signal?: AbortSignal,
): Promise<void> {
  requirePerson(principal);
  const { outbox, publicUrl, database, clock } = identity;
  if (!outbox) throw authErrors.mailNotConfigured();
  const email = newEmail(input.email);
  await requirePassword(identity, principal, input.password, signal);
  await database.transaction(async (trx) => {
    const user = await users.findUser(trx, principal.userId);
    if (!user || user.email === email) return;
    if (await users.findUserByEmail(trx, email)) throw userErrors.taken();
    const wanted = { purpose: 'change-email', userId: user.id, email, minutes: CHANGE_MINUTES } as const;
    const token = await issueToken(trx, clock, { ...wanted, context: { from: user.email } });
    await outbox.post(trx, changeEmailMail(email, `${publicUrl}/verify-email#token=${token}`));
    await outbox.post(trx, emailChangingMail(user.email, `${publicUrl}/forgot-password`));
    await recordAct(trx, actBy(principal, { act: 'email.ask-change' }), clock.now());
  });
}

/** What the link at the new address does, in the transaction that took its token. What was on its way to the old address is
 * good no more. @throws ApiError ERR_AUTH_011, ERR_USER_002 */
export async function finishEmailChange(
  identity: Identity,
  trx: PlatformTransaction,
  token: TokenRow,
  origin: Origin | undefined,
): Promise<void> {
  const { outbox, publicUrl, clock } = identity;
  const now = clock.now();
  const user = await users.findUser(trx, token.user_id);
  const { from } = token.context as { from?: string };
  if (!user?.is_active || user.email !== from) throw authErrors.badOneTimeToken();
  await users.setEmail(trx, user.id, token.email, now);
  await deleteTokensOf(trx, user.id);
  await announceAccess(trx, user.id);
  await outbox?.post(trx, emailChangedMail(user.email, `${publicUrl}/forgot-password`));
  const tenant = await users.findMembership(trx, user.id);
  const target = { kind: 'user', id: user.id };
  await recordAct(trx, { act: 'email.change', tenantId: tenant?.id ?? null, actor: ANONYMOUS, target, origin }, now);
}

/** Somebody may have taken the address since the link was sent. */
export function takenMeanwhile(error: unknown): unknown {
  return violatesUnique(error, 'user_email_unique') ? userErrors.taken() : error;
}
