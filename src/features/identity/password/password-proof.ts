import { authErrors } from '../identity.errors.ts';
import * as users from '../identity.store.ts';
import type { Identity } from '../identity.ts';
import { countFailure, refuseLocked, subjectsOf } from '../login-lock/login-lock.ts';
import type { Principal } from '../principal.ts';

/** What changes an account is for who logged in: a key that could would outlive its own revocation.
 * @throws ApiError ERR_AUTH_014 */
export function requirePerson(principal: Principal): void {
  if (principal.via === 'api-key') throw authErrors.notByKey();
}

/**
 * Asks for the password again, where the account has one: whoever finds an open console must not take the account over.
 * Wrong ones count as failed logins.
 * @throws ApiError ERR_AUTH_013, ERR_AUTH_008
 */
export async function requirePassword(
  identity: Identity,
  principal: Principal,
  password: string | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const user = await users.findUserSecret(identity.database.db, principal.userId);
  if (user?.password_hash == null) return;
  const subjects = subjectsOf(principal.userId, '', undefined);
  await refuseLocked(identity, subjects);
  const verdict = await identity.passwords.verify(password ?? '', user.password_hash, signal);
  if (verdict.matches) return;
  await countFailure(identity, subjects);
  const message = 'is not your current password';
  throw authErrors.wrongPassword(undefined, { fields: [{ field: 'password', message }] });
}
