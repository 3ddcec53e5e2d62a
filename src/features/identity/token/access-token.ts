import { createHash, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { createBoundedCache } from '../../../platform/cache/bounded-cache.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { MembershipRole } from '../../../platform/database/schema.ts';
import { newId } from '../../../platform/id.ts';

export type AccessClaims = {
  userId: string;
  tenantId: string;
  tenantSlug: string;
  /** As it was when the token was issued; the current one counts. */
  role: MembershipRole;
  /** The login that the token belongs to. */
  familyId: string;
};

export type AccessTokens = {
  /** Life of a token, seconds. */
  readonly lifetime: number;
  issue(claims: AccessClaims): Promise<string>;
  /** Null for anything but a token that this installation issued and that has not expired. */
  read(token: string): Promise<AccessClaims | null>;
  /** As `read`, but an expired one too: enough to end a login, not to act. */
  readExpired(token: string): Promise<AccessClaims | null>;
};

const ALGORITHM = 'HS256';
const HEADER_TYPE = 'at+jwt';
const ISSUER = 'parley';
const AUDIENCE = 'parley:api';
/** About 0.5 kB each. */
const CACHED_TOKENS = 10_000;
/** Longer than any token lives that a login which can be refreshed may still have (30 days). */
const EXPIRED_TOLERANCE = 31 * 24 * 60 * 60;

/** Access tokens: JWT (RFC 9068 in form), signed with a key derived from the installation's secret. */
export function createAccessTokens(options: { secretKey: string; lifetime: number; clock: Clock }): AccessTokens {
  const { clock, lifetime } = options;
  const key = deriveKey(options.secretKey, 'parley:access-token:v1');
  // A request costs one hash instead of one signature: 860,000 against 26,000 a second (docs/decisions/0003).
  const verified = createBoundedCache<{ claims: AccessClaims; expires: number }>(CACHED_TOKENS);
  const seconds = (): number => Math.floor(clock.now().getTime() / 1000);

  return {
    lifetime,
    issue: (claims) => sign(claims, key, seconds(), lifetime),
    read: async (token) => {
      const name = createHash('sha256').update(token).digest('base64');
      const known = verified.get(name);
      if (known) return known.expires > seconds() ? known.claims : null;
      const found = await verify(token, key, clock.now());
      if (found) verified.set(name, found);
      return found?.claims ?? null;
    },
    readExpired: async (token) => (await verify(token, key, clock.now(), EXPIRED_TOLERANCE))?.claims ?? null,
  };
}

/** A key of its own for each purpose, so that what is signed for one is worth nothing for another (HKDF, RFC 5869). */
function deriveKey(secret: string, purpose: string): KeyObject {
  // An empty file that should hold the secret would otherwise give a key that everyone can derive.
  if (secret.length === 0) throw new Error('The secret key is empty. Set SECRET_KEY, or remove the empty secret file.');
  return createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', purpose, 32)));
}

function sign(claims: AccessClaims, key: KeyObject, issuedAt: number, lifetime: number): Promise<string> {
  const { tenantId, tenantSlug, role, familyId } = claims;
  return new SignJWT({ typ: 'access', tenant: tenantId, tenant_slug: tenantSlug, role, family: familyId })
    .setProtectedHeader({ alg: ALGORITHM, typ: HEADER_TYPE })
    .setSubject(claims.userId)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifetime)
    .setJti(newId())
    .sign(key);
}

type Verified = { claims: AccessClaims; expires: number };

async function verify(token: string, key: KeyObject, now: Date, clockTolerance = 0): Promise<Verified | null> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [ALGORITHM],
      typ: HEADER_TYPE,
      issuer: ISSUER,
      audience: AUDIENCE,
      currentDate: now,
      clockTolerance,
      requiredClaims: ['sub', 'exp', 'iat', 'jti', 'tenant', 'tenant_slug', 'role', 'family'],
    });
    if (payload.typ !== 'access') return null;
    return { claims: claimsOf(payload), expires: payload.exp ?? 0 };
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return null;
    throw error;
  }
}

/** The signature is ours, so the claims have the types that `sign` gave them. */
function claimsOf(payload: Record<string, unknown>): AccessClaims {
  return {
    userId: String(payload.sub),
    tenantId: String(payload.tenant),
    tenantSlug: String(payload.tenant_slug),
    role: payload.role as MembershipRole,
    familyId: String(payload.family),
  };
}
