import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../../../platform/clock.ts';
import { newId } from '../../../platform/id.ts';
import type { KeyRing } from '../signing-key/key-ring.ts';

/** A visitor: an id that nobody else has, in one tenant. */
export type VisitorClaims = { visitorId: string; tenantId: string };

export type VisitorTokens = {
  /** Life of a token, seconds. */
  readonly lifetime: number;
  issue(claims: VisitorClaims): Promise<string>;
  /** Null for anything but a visitor's token that has not expired. */
  read(token: string): Promise<VisitorClaims | null>;
  /** As `read`, but one that expired within 31 days, too: enough for a new token of the same visitor. */
  readExpired(token: string): Promise<VisitorClaims | null>;
};

const HEADER_TYPE = 'visitor+jwt';
const ISSUER = 'parley';
const AUDIENCE = 'parley:visitor';
const EXPIRED_TOLERANCE = 31 * 24 * 60 * 60;

/** Signed as access tokens are, of another type and for another audience: neither is taken for the other. */
export function createVisitorTokens(options: { keyRing: KeyRing; lifetime: number; clock: Clock }): VisitorTokens {
  const { keyRing, lifetime, clock } = options;
  return {
    lifetime,
    issue: async ({ visitorId, tenantId }) => {
      const { kid, algorithm: alg, key } = await keyRing.signer();
      const issuedAt = Math.floor(clock.now().getTime() / 1000);
      return new SignJWT({ tenant: tenantId })
        .setProtectedHeader({ alg, typ: HEADER_TYPE, ...(kid === null ? {} : { kid }) })
        .setSubject(visitorId)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + lifetime)
        .setJti(newId())
        .sign(key);
    },
    read: (token) => verify(token, keyRing, clock, 0),
    readExpired: (token) => verify(token, keyRing, clock, EXPIRED_TOLERANCE),
  };
}

async function verify(
  token: string,
  keyRing: KeyRing,
  clock: Clock,
  clockTolerance: number,
): Promise<VisitorClaims | null> {
  if (!claimsToBeOne(token)) return null;
  try {
    const { payload } = await jwtVerify(
      token,
      async ({ kid }) => {
        const key = await keyRing.verifier(kid, { retired: clockTolerance > 0 });
        if (key === null) throw new errors.JWKSNoMatchingKey();
        return key;
      },
      {
        algorithms: [keyRing.algorithm],
        typ: HEADER_TYPE,
        issuer: ISSUER,
        audience: AUDIENCE,
        currentDate: clock.now(),
        clockTolerance,
        requiredClaims: ['sub', 'exp', 'iat', 'jti', 'tenant'],
      },
    );
    return { visitorId: String(payload.sub), tenantId: String(payload.tenant) };
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return null;
    throw error;
  }
}

/** What is garbage, or an access token, costs no signature. */
function claimsToBeOne(token: string): boolean {
  try {
    return decodeProtectedHeader(token).typ === HEADER_TYPE;
  } catch {
    return false;
  }
}
