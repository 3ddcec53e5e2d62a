import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { movableClock } from '../../../../test/support/identity.ts';
import { newId } from '../../../platform/id.ts';
import { symmetricKeyRing } from '../signing-key/key-ring.ts';
import { type AccessClaims, createAccessTokens } from './access-token.ts';

const SECRET = 'a-secret-of-this-test-and-no-other';
const claims: AccessClaims = {
  userId: newId(),
  tenantId: newId(),
  tenantSlug: 'ann',
  role: 'owner',
  familyId: newId(),
};

function tokens(secretKey = SECRET, clock = movableClock()) {
  return createAccessTokens({ keyRing: symmetricKeyRing(secretKey), lifetime: 1800, clock });
}

const decode = (part: string | undefined): Record<string, unknown> =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString());
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The key that the installation really signs with, for forgeries that differ in one thing only. */
const ownKey = () => createSecretKey(new Uint8Array(hkdfSync('sha256', SECRET, '', 'parley:access-token:v1', 32)));

/** A token that is right in all, except for what `change` does to it. */
async function forge(
  change: (token: SignJWT) => void,
  payload: Record<string, unknown> = {},
  header: { typ?: string } = { typ: 'at+jwt' },
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const { tenantId: tenant, tenantSlug: tenant_slug, role, familyId: family } = claims;
  const token = new SignJWT({ typ: 'access', tenant, tenant_slug, role, family, ...payload })
    .setProtectedHeader({ alg: 'HS256', ...header })
    .setSubject(claims.userId)
    .setIssuer('parley')
    .setAudience('parley:api')
    .setIssuedAt(now)
    .setExpirationTime(now + 1800)
    .setJti(newId());
  change(token);
  return token.sign(ownKey());
}

describe('an access token', () => {
  test('says who, where and as what, for how long', async () => {
    const clock = movableClock(new Date('2026-11-21T10:00:00.900Z'));
    const token = await tokens(SECRET, clock).issue(claims);
    const [header, payload] = token.split('.');
    expect(decode(header)).toEqual({ alg: 'HS256', typ: 'at+jwt' });
    expect(decode(payload)).toEqual({
      typ: 'access',
      sub: claims.userId,
      tenant: claims.tenantId,
      tenant_slug: 'ann',
      role: 'owner',
      family: claims.familyId,
      iss: 'parley',
      aud: 'parley:api',
      iat: Date.parse('2026-11-21T10:00:00Z') / 1000,
      exp: Date.parse('2026-11-21T10:30:00Z') / 1000,
      jti: expect.any(String),
    });
  });

  test('is read, the first time and out of the cache', async () => {
    const own = tokens();
    const token = await own.issue(claims);
    expect(await own.read(token)).toEqual(claims);
    expect(await own.read(token)).toEqual(claims);
    expect(await tokens().read(token)).toEqual(claims);
  });

  test('ends when its time is over, in the cache too', async () => {
    const clock = movableClock();
    const own = tokens(SECRET, clock);
    const [used, unused] = [await own.issue(claims), await own.issue(claims)];
    clock.advance(1798 * 1000);
    expect(await own.read(used)).toEqual(claims);
    clock.advance(2_000);
    expect(await own.read(used)).toBeNull();
    expect(await own.read(unused)).toBeNull();
    expect(await own.readExpired(unused)).toEqual(claims);
  });

  test('is not signed with an empty secret', () => {
    expect(() => tokens('')).toThrow('The secret key is empty');
  });

  test('of another installation is refused', async () => {
    const foreign = await tokens('the-secret-of-another-installation').issue(claims);
    expect(await tokens().read(foreign)).toBeNull();
    expect(await tokens().readExpired(foreign)).toBeNull();
  });

  // The last character is left out: two of its bits stand for nothing.
  test('is refused when any character of it was changed', async () => {
    const own = tokens();
    const token = await own.issue(claims);
    for (let index = 0; index < token.length - 1; index += 1) {
      const changed = token[index] === 'A' ? 'B' : 'A';
      expect(await own.read(token.slice(0, index) + changed + token.slice(index + 1))).toBeNull();
    }
  });

  test('is refused when it is signed with the secret itself, not with the derived key', async () => {
    const [header, payload] = (await tokens().issue(claims)).split('.');
    const signature = createHmac('sha256', SECRET).update(`${header}.${payload}`).digest('base64url');
    expect(await tokens().read(`${header}.${payload}.${signature}`)).toBeNull();
  });

  test.each(['none', 'None', 'NONE', ''])('is refused without a signature, under alg %j', async (alg) => {
    const [, payload] = (await tokens().issue(claims)).split('.');
    const unsigned = `${encode({ alg, typ: 'at+jwt' })}.${payload}.`;
    expect(await tokens().read(unsigned)).toBeNull();
  });

  test.each(['HS384', 'HS512'])('is refused when it is signed by %s, even with our key', async (alg) => {
    const hash = alg.replace('HS', 'sha');
    const [, payload] = (await tokens().issue(claims)).split('.');
    const head = encode({ alg, typ: 'at+jwt' });
    const signature = createHmac(hash, ownKey()).update(`${head}.${payload}`).digest('base64url');
    expect(await tokens().read(`${head}.${payload}.${signature}`)).toBeNull();
  });

  test('that is forged with our key is read when nothing in it is wrong', async () => {
    expect(await tokens().read(await forge(() => undefined))).toEqual(claims);
  });

  test.each<[string, (token: SignJWT) => void, Record<string, unknown>?, { typ?: string }?]>([
    ['another issuer', (token) => token.setIssuer('elsewhere')],
    ['another audience', (token) => token.setAudience('parley:console')],
    ['another kind', () => undefined, { typ: 'refresh' }],
    ['no kind', () => undefined, { typ: undefined }],
    ['another header type', () => undefined, {}, { typ: 'JWT' }],
    ['no header type', () => undefined, {}, {}],
    ['a start in the future', (token) => token.setNotBefore('1h')],
    ['no tenant', () => undefined, { tenant: undefined }],
    ['no family', () => undefined, { family: undefined }],
  ])('is refused with %s', async (_, change, payload, header) => {
    expect(await tokens().read(await forge(change, payload, header))).toBeNull();
  });

  test('is refused without an end', async () => {
    const now = Math.floor(Date.now() / 1000);
    const endless = new SignJWT({ typ: 'access', tenant: 'x', tenant_slug: 'x', role: 'owner', family: 'x' })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
      .setSubject(claims.userId)
      .setIssuer('parley')
      .setAudience('parley:api')
      .setIssuedAt(now)
      .setJti(newId());
    expect(await tokens().read(await endless.sign(ownKey()))).toBeNull();
  });

  test.each(['', '.', '..', 'a.b.c', 'prt_abc', 'null', '🐎.🐎.🐎', 'a'.repeat(10_000)])('is not %j', async (text) => {
    expect(await tokens().read(text)).toBeNull();
  });
});
