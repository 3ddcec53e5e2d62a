import { requestErrors } from '../../../platform/http/errors.ts';
import { isCommonPassword } from './common-passwords.ts';

export const PASSWORD_MIN = 8;
export const PASSWORD_MAX = 128;

/** The form that is hashed: the same text typed on two systems must give the same hash (NIST SP 800-63B §3.1.1.2). */
export function normalisePassword(password: string): string {
  return password.normalize('NFKC');
}

/**
 * A new password, normalised. Any characters; 8 to 128 of them, counted in code points; none that everybody tries first.
 * @throws ApiError ERR_REQUEST_002 naming `field`
 */
export async function newPassword(password: string, field = 'password'): Promise<string> {
  const normalised = normalisePassword(password);
  const length = [...normalised].length;
  if (length < PASSWORD_MIN || length > PASSWORD_MAX) {
    throw refusal(field, `must have ${PASSWORD_MIN} to ${PASSWORD_MAX} characters`);
  }
  if (await isCommonPassword(normalised)) throw refusal(field, 'is among the first that are tried; take another');
  return normalised;
}

function refusal(field: string, message: string) {
  return requestErrors.invalid(`${field} ${message}`, { fields: [{ field, message }] });
}
