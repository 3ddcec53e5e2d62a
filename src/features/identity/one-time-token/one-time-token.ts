import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../../platform/clock.ts';
import type { PlatformTransaction } from '../../../platform/database/database.ts';
import * as store from './one-time-token.store.ts';

const FORM = /^pot_[A-Za-z0-9_-]{43}$/;

/** 256 random bits; only their hash is kept. */
export function newSecret(): string {
  return `pot_${randomBytes(32).toString('base64url')}`;
}

export function isSecret(text: string): boolean {
  return FORM.test(text);
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** Makes a token that is good once, for `minutes`; the user's older ones for the purpose are good no more. */
export async function issueToken(
  trx: PlatformTransaction,
  clock: Clock,
  token: { purpose: store.Purpose; userId: string; email: string; minutes: number; context?: object },
): Promise<string> {
  const { purpose, userId, email, minutes, context = {} } = token;
  const secret = newSecret();
  const now = clock.now();
  // Several logins may stand at their second step at the same time.
  if (purpose !== 'second-factor') await store.deleteTokensOf(trx, userId, purpose);
  await store.deleteExpiredTokens(trx, now);
  const expires_at = new Date(now.getTime() + minutes * 60_000);
  await store.insertToken(trx, { token_hash: hashOf(secret), purpose, user_id: userId, email, context, expires_at });
  return secret;
}
