import { createHash, randomBytes } from 'node:crypto';

const PREFIX = 'prt_';
const FORM = /^prt_[A-Za-z0-9_-]{43}$/;

/** A new refresh token: 256 random bits. Only its hash is stored. */
export function newRefreshToken(): string {
  return PREFIX + randomBytes(32).toString('base64url');
}

export function isRefreshToken(text: string): boolean {
  return FORM.test(text);
}

/** Plain SHA-256 is enough, since nobody can guess 256 random bits; it also makes the look-up by index possible. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
