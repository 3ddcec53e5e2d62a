import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** `pk_`, 16 hexadecimal digits that are visible and name the key, `_`, 256 random bits. */
const FORM = /^(pk_[0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

export type ApiKeyParts = { prefix: string; secret: string };

export function newApiKey(): ApiKeyParts & { key: string } {
  const prefix = `pk_${randomBytes(8).toString('hex')}`;
  const secret = randomBytes(32).toString('base64url');
  return { prefix, secret, key: `${prefix}_${secret}` };
}

/** Null when the text is no API key. */
export function parseApiKey(text: string): ApiKeyParts | null {
  const [, prefix, secret] = FORM.exec(text) ?? [];
  return prefix !== undefined && secret !== undefined ? { prefix, secret } : null;
}

/** Plain SHA-256 is enough for 256 random bits, and the only thing that a busy API can afford per request. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** Compares in constant time. */
export function secretMatches(secret: string, hash: string): boolean {
  const given = Buffer.from(hashSecret(secret));
  const stored = Buffer.from(hash);
  return given.length === stored.length && timingSafeEqual(given, stored);
}
