import { createHash, type KeyObject } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { createBoundedCache } from '../../../platform/cache/bounded-cache.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { MembershipRole } from '../../../platform/database/schema.ts';
import { newId } from '../../../platform/id.ts';
import type { KeyRing, Signer } from '../signing-key/key-ring.ts';

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

const HEADER_TYPE = 'at+jwt';
const ISSUER = 'parley';
const AUDIENCE = 'parley:api';
/** About 0.5 kB each. */
const CACHED_TOKENS = 10_000;
/** Longer than any token lives that a login which can be refreshed may still have (30 days). */
const EXPIRED_TOLERANCE = 31 * 24 * 60 * 60;

/** Access tokens: JWT (RFC 9068 in form), signed with a key of the ring. */
export function createAccessTokens(options: { keyRing: KeyRing; lifetime: number; clock: Clock }): AccessTokens {
  const { clock, lifetime, keyRing } = options;
  // A request costs one hash instead of one signature: 860,000 against 26,000 a second (docs/decisions/0003).
  const verified = createBoundedCache<Verified>(CACHED_TOKENS);
  const seconds = (): number => Math.floor(clock.now().getTime() / 1000);

  return {
    lifetime,
    issue: async (claims) => sign(claims, await keyRing.signer(), seconds(), lifetime),
    read: async (token) => {
      const name = createHash('sha256').update(token).digest('base64');
      const known = verified.get(name);
      if (known) return known.expires > seconds() && keyRing.isGood(known.kid) ? known.claims : null;
      const found = await verify(token, keyRing, clock.now());
      if (found) verified.set(name, found);
      return found?.claims ?? null;
    },
    readExpired: async (token) => (await verify(token, keyRing, clock.now(), EXPIRED_TOLERANCE))?.claims ?? null,
  };
}

function sign(claims: AccessClaims, signer: Signer, issuedAt: number, lifetime: number): Promise<string> {
  const { tenantId, tenantSlug, role, familyId } = claims;
  const { kid, algorithm: alg, key } = signer;
  return new SignJWT({ typ: 'access', tenant: tenantId, tenant_slug: tenantSlug, role, family: familyId })
    .setProtectedHeader({ alg, typ: HEADER_TYPE, ...(kid === null ? {} : { kid }) })
    .setSubject(claims.userId)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifetime)
    .setJti(newId())
    .sign(key);
}

type Verified = { claims: AccessClaims; expires: number; kid: string | null };

/** The key is looked up by its id among our own: what else a header says of keys (`jwk`, `jku`, `x5c`) is not looked at. */
async function verify(token: string, keyRing: KeyRing, now: Date, clockTolerance = 0): Promise<Verified | null> {
  const keyFor = async ({ kid }: { kid?: string }): Promise<KeyObject> => {
    const key = await keyRing.verifier(kid, { retired: clockTolerance > 0 });
    if (key === null) throw new errors.JWKSNoMatchingKey();
    return key;
  };
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keyFor, {
      algorithms: [keyRing.algorithm],
      typ: HEADER_TYPE,
      issuer: ISSUER,
      audience: AUDIENCE,
      currentDate: now,
      clockTolerance,
      requiredClaims: ['sub', 'exp', 'iat', 'jti', 'tenant', 'tenant_slug', 'role', 'family'],
    });
    if (payload.typ !== 'access') return null;
    return { claims: claimsOf(payload), expires: payload.exp ?? 0, kid: protectedHeader.kid ?? null };
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
