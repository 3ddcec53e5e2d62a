import { domainToASCII } from 'node:url';
import { requestErrors } from '../../platform/http/errors.ts';

/** RFC 5321 §4.5.3.1: 64 octets before the @, 254 in all. */
const LOCAL_MAX = 64;
const EMAIL_MAX = 254;
/** RFC 5322's dot-atom, with the letters of other languages (RFC 6531). No quoted local parts: nobody has them. */
const LOCAL = /^[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+)*$/u;
/** What may be turned into a DNS name; `domainToASCII` would take a path or port behind it, too, and drop it. */
const TYPED_DOMAIN = /^[\p{L}\p{N}\p{M}.-]+$/u;
/** The last label begins with a letter, so that it is no IPv4 address. */
const DOMAIN = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const USERNAME = /^[A-Za-z0-9_.-]{3,64}$/;

/** The one form of an e-mail address that is stored and looked up: NFKC, lower case, the domain as DNS has it.
 * Null when it is none. */
export function normaliseEmail(text: string): string | null {
  const email = text.trim().normalize('NFKC').toLowerCase();
  const at = email.lastIndexOf('@');
  const local = email.slice(0, at);
  const typed = email.slice(at + 1);
  const domain = TYPED_DOMAIN.test(typed) ? domainToASCII(typed) : '';
  const normalised = `${local}@${domain}`;
  const fits = Buffer.byteLength(local) <= LOCAL_MAX && Buffer.byteLength(normalised) <= EMAIL_MAX;
  return at > 0 && fits && LOCAL.test(local) && DOMAIN.test(domain) ? normalised : null;
}

/** @throws ApiError ERR_REQUEST_002 naming `email` */
export function newEmail(text: string): string {
  const email = normaliseEmail(text);
  if (email !== null) return email;
  throw invalid('email', 'must be an e-mail address such as name@example.com');
}

/** @throws ApiError ERR_REQUEST_002 naming `username` */
export function newUsername(text: string): string {
  if (USERNAME.test(text)) return text;
  throw invalid('username', 'must have 3 to 64 letters of a-z, A-Z, digits, dots, underscores or hyphens');
}

export type AccountName = { email: string } | { username: string };

/** What someone typed to log in. A user name has no @, so the two cannot be confused. Null when no account can have it. */
export function readAccountName(text: string): AccountName | null {
  if (!text.includes('@')) return USERNAME.test(text) ? { username: text } : null;
  const email = normaliseEmail(text);
  return email === null ? null : { email };
}

/**
 * A name that is shown: one line, without what could disguise it in a list or a log. Null when only spaces are left.
 * @throws ApiError ERR_REQUEST_002 naming `field`
 */
export function shownName(field: string, text: string): string | null {
  if (/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(text)) {
    throw invalid(field, 'must be one line, without control characters');
  }
  return text.trim() || null;
}

function invalid(field: string, message: string) {
  return requestErrors.invalid(`${field} ${message}`, { fields: [{ field, message }] });
}
