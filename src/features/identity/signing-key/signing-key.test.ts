import { createHmac, generateKeyPairSync } from 'node:crypto';
import { createLocalJWKSet, jwtVerify, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { newAccount, type TestIdentity, testIdentity } from '../../../../test/support/identity.ts';
import { createSecretBox, installationKeys } from '../../../platform/secrets/secret-box.ts';
import { watchAccess } from '../access/access.ts';
import { register } from '../identity.service.ts';
import { authenticateToken } from '../principal.ts';
import { login } from '../token/login.service.ts';
import type { TokenAlgorithm } from './key-ring.ts';
import { listPublicKeys, rotateSigningKey } from './signing-key.service.ts';

const INVALID = { definition: { code: 'ERR_AUTH_002' } };

describe.each(testDatabases())('signing keys on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let on: TestIdentity;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    await db.database.db.deleteFrom('platform.signing_key').execute();
    on = await another();
  });

  const another = (algorithm: TokenAlgorithm = 'EdDSA', secret = 'a-secret') =>
    testIdentity(db.database, { algorithm, box: createSecretBox(installationKeys([], secret)) });

  async function token(at: TestIdentity = on): Promise<string> {
    const account = newAccount();
    await register(at.identity, account);
    return (await login(at.identity, { name: account.email, password: account.password })).accessToken;
  }

  const reads = (text: string, at: TestIdentity = on) => authenticateToken(at.identity, text);
  const headerOf = (text: string) => JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString());
  const jwks = async () => {
    const keys = await listPublicKeys(on.identity);
    return createLocalJWKSet({ keys: keys.map(({ kid, jwk }) => ({ ...jwk, kid })) as never });
  };

  test.each(['EdDSA', 'ES256'] as const)('%s tokens are verified by others with the public keys alone', async (alg) => {
    on = await another(alg);
    const text = await token();
    expect(headerOf(text)).toMatchObject({ alg, typ: 'at+jwt', kid: expect.any(String) });
    const { payload } = await jwtVerify(text, await jwks(), { currentDate: on.clock.now(), issuer: 'parley' });
    expect(payload.sub).toBe((await reads(text)).userId);
    for (const { jwk } of await listPublicKeys(on.identity)) expect(jwk).not.toHaveProperty('d');
  });

  test('several processes agree on one first key', async () => {
    const [here, there] = [await another(), await another()];
    const [one, two] = await Promise.all([token(here), token(there)]);
    expect(headerOf(one).kid).toBe(headerOf(two).kid);
    expect((await reads(one, there)).via).toBe('access-token');
  });

  test('a rotation signs with the next, believes the last for as long as was said, and then no more', async () => {
    const before = await token();
    const kid = await rotateSigningKey(on.identity, null, 10);
    const after = await token();
    expect(headerOf(after).kid).toBe(kid);
    expect((await listPublicKeys(on.identity)).length).toBe(2);
    on.clock.advance(10 * 60_000 - 1);
    expect((await reads(before)).via).toBe('access-token');
    on.clock.advance(1);
    await expect(reads(before)).rejects.toMatchObject(INVALID);
    expect((await reads(after)).via).toBe('access-token');
    expect((await listPublicKeys(on.identity)).map((key) => key.kid)).toEqual([kid]);
  });

  test('a key that got out is believed no more at once, in other processes too', async () => {
    const there = await another();
    const unlisten = await watchAccess(there.identity, async () => undefined);
    const leaked = await token();
    expect((await reads(leaked, there)).via).toBe('access-token');
    await rotateSigningKey(on.identity, null, 0);
    await expect(reads(leaked)).rejects.toMatchObject(INVALID);
    const refused = async () =>
      reads(leaked, there).then(
        () => 'believed',
        () => 'refused',
      );
    await expect.poll(refused).toBe('refused');
    await unlisten();
  });

  test('under another SECRET_KEY old tokens are refused, and a new key signs', async () => {
    const before = await token();
    const changed = await another('EdDSA', 'another-secret');
    await expect(reads(before, changed)).rejects.toMatchObject(INVALID);
    expect((await reads(await token(changed), changed)).via).toBe('access-token');
  });

  test('under another algorithm old tokens are refused', async () => {
    const before = await token();
    const changed = await another('HS256');
    await expect(reads(before, changed)).rejects.toMatchObject(INVALID);
    await expect(rotateSigningKey(changed.identity, null)).rejects.toMatchObject({
      definition: { code: 'ERR_SIGNING_001' },
    });
    expect(await listPublicKeys(changed.identity)).toEqual([]);
  });

  test('private keys are stored sealed', async () => {
    await token();
    const rows = await db.database.db.selectFrom('platform.signing_key').select('private_key').execute();
    for (const { private_key } of rows) expect(private_key.toString('latin1')).not.toContain('PRIVATE KEY');
  });

  describe('a forged token is refused:', () => {
    const forged = (header: Record<string, unknown>, claims: string, sign: (text: string) => string): string => {
      const text = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${claims}`;
      return `${text}.${sign(text)}`;
    };
    const mac = (key: string | Buffer) => (text: string) => createHmac('sha256', key).update(text).digest('base64url');

    test('alg none, in any spelling', async () => {
      const [, claims = '', signature = ''] = (await token()).split('.');
      for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
        for (const end of ['', signature]) {
          await expect(reads(forged({ alg, typ: 'at+jwt' }, claims, () => end))).rejects.toMatchObject(INVALID);
        }
      }
    });

    test('HS256 with the public key for a secret', async () => {
      const text = await token();
      const [key] = await listPublicKeys(on.identity);
      const { kid } = headerOf(text);
      const secrets = [String(key?.jwk.x), JSON.stringify(key?.jwk), Buffer.from(String(key?.jwk.x), 'base64url'), ''];
      for (const secret of secrets) {
        const header = { alg: 'HS256', typ: 'at+jwt', kid };
        await expect(reads(forged(header, text.split('.')[1] ?? '', mac(secret)))).rejects.toMatchObject(INVALID);
      }
    });

    test('another key, under our key’s id or with itself in the header', async () => {
      const text = await token();
      const { kid } = headerOf(text);
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const payload = JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString());
      const jwk = publicKey.export({ format: 'jwk' });
      const headers = [
        { kid },
        {},
        { kid, jwk },
        { jwk },
        { kid, jku: 'http://127.0.0.1:1/jwks.json' },
        { kid, x5u: 'http://127.0.0.1:1/key.pem' },
        { kid: '../../../../dev/null' },
        { kid: "' OR 1=1 --" },
        { kid: '__proto__' },
        { kid: '\0' },
        { kid: ['a'] as never },
        { kid, crit: ['exp'] },
        { kid, b64: false, crit: ['b64'] },
      ];
      for (const header of headers) {
        const sign = () =>
          new SignJWT(payload).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', ...header }).sign(privateKey);
        const made = await sign().catch(() => null);
        if (made !== null) await expect(reads(made)).rejects.toMatchObject(INVALID);
      }
    });

    test('changed claims, another type, and one from the future of a clock that moved', async () => {
      const text = await token();
      const [head = '', claims = '', signature = ''] = text.split('.');
      const payload = JSON.parse(Buffer.from(claims, 'base64url').toString());
      for (const change of [{ role: 'owner', sub: 'x' }, { exp: payload.exp + 3600 }, { tenant: 'x' }]) {
        const changed = Buffer.from(JSON.stringify({ ...payload, ...change })).toString('base64url');
        await expect(reads(`${head}.${changed}.${signature}`)).rejects.toMatchObject(INVALID);
      }
      on.clock.advance(60 * 60_000);
      await expect(reads(text)).rejects.toMatchObject(INVALID);
      // Set back by an hour, it is still no more than it was.
      on.clock.advance(-60 * 60_000);
      expect((await reads(text)).via).toBe('access-token');
    });
  });
});
