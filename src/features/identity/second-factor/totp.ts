import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Time-based one-time passwords (RFC 6238): SHA-1, 30 s, 6 digits, which is all that every authenticator can do. */

const STEP_MS = 30_000;
const DIGITS = 6;
/** Steps before and after the current one that are taken: clocks of phones differ, and people type slowly. */
const WINDOW = 1;
/** As long as SHA-1's output (RFC 4226 §4). */
const SECRET_BYTES = 20;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function newTotpSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

export function stepAt(time: Date): number {
  return Math.floor(time.getTime() / STEP_MS);
}

export function totpCode(secret: Uint8Array, step: number, digits = DIGITS): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/** The step that a code belongs to, if it is a good one now and later than the step `after`; else null. */
export function matchingStep(secret: Uint8Array, code: string, time: Date, after: number): number | null {
  if (!/^[0-9]{6}$/.test(code)) return null;
  const now = stepAt(time);
  let found: number | null = null;
  // All are compared, so that the time tells nothing.
  for (let step = now - WINDOW; step <= now + WINDOW; step += 1) {
    const matches = timingSafeEqual(Buffer.from(totpCode(secret, step)), Buffer.from(code));
    if (matches && step > after) found = step;
  }
  return found;
}

export function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => BASE32[Number.parseInt(group.padEnd(5, '0'), 2)]).join('');
}

/** What authenticators read from a QR code. */
export function otpauthUri(secret: Uint8Array, account: string, issuer = 'Parley'): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=${encodeURIComponent(issuer)}`;
}
