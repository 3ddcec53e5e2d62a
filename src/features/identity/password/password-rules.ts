import { requestErrors } from '../../../platform/http/errors.ts';

export const PASSWORD_MIN = 8;
export const PASSWORD_MAX = 128;

/** The form that is hashed: the same text typed on two systems must give the same hash (NIST SP 800-63B §3.1.1.2). */
export function normalisePassword(password: string): string {
  return password.normalize('NFKC');
}

/**
 * A new password, normalised. Any characters; 8 to 128 of them, counted in code points.
 * @throws ApiError ERR_REQUEST_002 naming `field`
 */
export function newPassword(password: string, field = 'password'): string {
  const normalised = normalisePassword(password);
  const length = [...normalised].length;
  if (length >= PASSWORD_MIN && length <= PASSWORD_MAX) return normalised;
  const message = `must have ${PASSWORD_MIN} to ${PASSWORD_MAX} characters`;
  throw requestErrors.invalid(`${field} ${message}`, { fields: [{ field, message }] });
}
