import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../test/support/databases.ts';
import { newAccount, type TestIdentity, testIdentity } from '../../../test/support/identity.ts';
import type { ApiKeyScope } from '../../platform/database/schema.ts';
import { createApiKey, revokeApiKey } from './api-key/api-key.service.ts';
import { register } from './identity.service.ts';
import { insertMembership } from './identity.store.ts';
import { authenticate, authenticateToken, type Principal, requireRole } from './principal.ts';
import { login } from './token/login.service.ts';

const INVALID = {
  definition: { code: 'ERR_AUTH_002', kind: 'unauthenticated' },
  options: { headers: { 'www-authenticate': 'Bearer realm="parley", error="invalid_token"' } },
};
const SECOND = 1000;
const MINUTE = 60 * SECOND;

describe.each(testDatabases())('who acts, on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let on: TestIdentity;
  /** A user whose rights another process changes: it has no cache in common with `on`. */
  let ann: {
    id: string;
    tenant: { id: string; slug: string };
    token: string;
    refreshToken: string;
    principal: Principal;
  };
  beforeAll(async () => {
    db = await open();
    const first = await testIdentity(db.database);
    await register(first.identity, newAccount());
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    on = await testIdentity(db.database);
    ann = await signIn();
  });

  async function signIn() {
    const account = newAccount();
    const { user, tenant } = await register(on.identity, account);
    const { accessToken: token, refreshToken } = await login(on.identity, {
      name: account.email,
      password: account.password,
    });
    return { id: user.id, tenant, token, refreshToken, principal: await authenticateToken(on.identity, token) };
  }

  const bearer = (token: string) => authenticate(on.identity, { authorization: `Bearer ${token}` });
  const users = () => db.database.db.updateTable('platform.user').where('id', '=', ann.id);
  const tenants = () => db.database.db.updateTable('platform.tenant').where('id', '=', ann.tenant.id);
  const memberships = () => db.database.db.updateTable('platform.membership').where('user_id', '=', ann.id);
  const newKey = (scopes?: ApiKeyScope[], expiresAt?: Date) =>
    createApiKey(on.identity, ann.principal, { name: 'a key', scopes, expiresAt });
  const lastUse = async (id: string): Promise<Date | null> =>
    (
      await db.database.db
        .selectFrom('platform.api_key')
        .select('last_used_at')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
    ).last_used_at;

  describe('without a usable credential', () => {
    test('is nobody when there is none', async () => {
      expect(await authenticate(on.identity, {})).toBeNull();
    });

    test.each([
      ['nothing', ''],
      ['the scheme alone', 'Bearer'],
      ['the scheme and a space', 'Bearer '],
      ['another scheme', 'Basic YW5uOnB3'],
      ['nonsense', 'Bearer nonsense'],
      ['two tokens', 'Bearer a b'],
      ['null', 'Bearer null'],
    ])('is refused with %s, with a challenge', async (_, authorization) => {
      await expect(authenticate(on.identity, { authorization })).rejects.toMatchObject(INVALID);
    });

    test('is refused with a bad header even when the other one is good', async () => {
      const { key } = await newKey();
      const headers = { authorization: 'Bearer nonsense', 'x-api-key': key };
      await expect(authenticate(on.identity, headers)).rejects.toMatchObject(INVALID);
    });
  });

  describe('with an access token', () => {
    test.each(['Bearer', 'bearer', 'BEARER'])('is the user, in the tenant, under the scheme %s', async (scheme) => {
      const principal = await authenticate(on.identity, { authorization: `${scheme} ${ann.token}` });
      expect(principal).toMatchObject({ userId: ann.id, tenant: { slug: ann.tenant.slug }, via: 'access-token' });
    });

    test('is refused when it comes as an API key', async () => {
      await expect(authenticate(on.identity, { 'x-api-key': ann.token })).rejects.toMatchObject(INVALID);
    });

    test('is refused when it is a refresh token', async () => {
      await expect(bearer(ann.refreshToken)).rejects.toMatchObject(INVALID);
      await expect(authenticate(on.identity, { 'x-api-key': ann.refreshToken })).rejects.toMatchObject(INVALID);
    });

    test('is refused after its time', async () => {
      on.clock.advance(30 * MINUTE);
      await expect(bearer(ann.token)).rejects.toMatchObject(INVALID);
    });

    test('is refused when another installation with the same secret issued it', async () => {
      const elsewhere = await testDatabases()
        .find(({ kind }) => kind === db.database.kind)
        ?.open();
      if (!elsewhere) throw new Error('There is no second database.');
      try {
        const { identity } = await testIdentity(elsewhere.database);
        await expect(authenticateToken(identity, ann.token)).rejects.toMatchObject(INVALID);
      } finally {
        await elsewhere.close();
      }
    });

    test('is refused when its login belongs to another user', async () => {
      const bob = await signIn();
      const claims = await on.identity.tokens.read(ann.token);
      if (!claims) throw new Error('The token is good.');
      const mixed = await on.identity.tokens.issue({ ...claims, userId: bob.id });
      await expect(bearer(mixed)).rejects.toMatchObject(INVALID);
      const moved = await on.identity.tokens.issue({ ...claims, tenantId: bob.tenant.id, tenantSlug: bob.tenant.slug });
      await expect(bearer(moved)).rejects.toMatchObject(INVALID);
    });

    test('has the role of now, not that of the token', async () => {
      const forged = await on.identity.tokens.read(ann.token);
      if (!forged) throw new Error('The token is good.');
      await memberships().set({ role: 'viewer' }).execute();
      on.clock.advance(SECOND);
      expect(await bearer(ann.token)).toMatchObject({ role: 'viewer' });
      expect(await bearer(await on.identity.tokens.issue({ ...forged, role: 'owner' }))).toMatchObject({
        role: 'viewer',
      });
    });
  });

  describe('with an API key', () => {
    test('is its user, in its tenant, with its scopes', async () => {
      const { key, row } = await newKey(['read', 'admin']);
      const expected = {
        userId: ann.id,
        tenant: { id: ann.tenant.id, slug: ann.tenant.slug },
        role: 'owner',
        operator: false,
        via: 'api-key',
        apiKeyId: row.id,
        scopes: ['read', 'admin'],
        loginId: null,
        serviceAccount: false,
      };
      expect(await bearer(key)).toEqual(expected);
      expect(await authenticate(on.identity, { 'x-api-key': key })).toEqual(expected);
    });

    test('is refused when the secret is another', async () => {
      const [one, two] = [(await newKey()).key, (await newKey()).key];
      await bearer(one);
      const mixed = one.slice(0, 20) + two.slice(20);
      await expect(bearer(mixed)).rejects.toMatchObject(INVALID);
      await expect(bearer(`pk_${'0'.repeat(16)}_${two.slice(20)}`)).rejects.toMatchObject(INVALID);
      await expect(authenticate(on.identity, { 'x-api-key': [one, two] })).rejects.toMatchObject(INVALID);
    });

    test('is refused after its time, while it is cached too', async () => {
      const { key } = await newKey(undefined, new Date(on.clock.now().getTime() + 500));
      expect(await bearer(key)).toMatchObject({ via: 'api-key' });
      on.clock.advance(500);
      await expect(bearer(key)).rejects.toMatchObject(INVALID);
    });

    test('is refused at once when it was revoked here, within a second when elsewhere', async () => {
      const here = await newKey();
      const elsewhere = await newKey();
      await Promise.all([bearer(here.key), bearer(elsewhere.key)]);
      await revokeApiKey(on.identity, ann.principal, here.row.id);
      await expect(bearer(here.key)).rejects.toMatchObject(INVALID);
      const other = await testIdentity(db.database);
      await revokeApiKey(other.identity, ann.principal, elsewhere.row.id);
      on.clock.advance(SECOND);
      await expect(bearer(elsewhere.key)).rejects.toMatchObject(INVALID);
    });

    test('operates the installation only with the scope for it', async () => {
      await users().set({ is_operator: true }).execute();
      on.clock.advance(SECOND);
      ann.principal = (await bearer(ann.token)) as Principal;
      expect(await bearer((await newKey()).key)).toMatchObject({ operator: false });
      expect(await bearer((await newKey(['operator'])).key)).toMatchObject({ operator: true });
    });

    test('notes its last use, to the minute', async () => {
      const { key, row } = await newKey();
      expect(await lastUse(row.id)).toBeNull();
      const first = on.clock.now();
      await bearer(key);
      expect(await lastUse(row.id)).toEqual(first);
      on.clock.advance(MINUTE - 1);
      await bearer(key);
      expect(await lastUse(row.id)).toEqual(first);
      on.clock.advance(1);
      await bearer(key);
      expect(await lastUse(row.id)).toEqual(on.clock.now());
    });

    test('that is refused notes no use', async () => {
      const { key, row } = await newKey();
      await expect(bearer(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`)).rejects.toMatchObject(INVALID);
      expect(await lastUse(row.id)).toBeNull();
    });
  });

  describe('loses access within a second', () => {
    let credentials: string[];
    beforeEach(async () => {
      credentials = [ann.token, (await newKey()).key];
      for (const one of credentials) await bearer(one);
    });

    test.each<[string, () => Promise<unknown>, object]>([
      ['when deactivated', () => users().set({ is_active: false }).execute(), { definition: { code: 'ERR_USER_003' } }],
      [
        'when its tenant is suspended',
        () => tenants().set({ status: 'suspended' }).execute(),
        { definition: { code: 'ERR_AUTH_006', kind: 'forbidden' } },
      ],
      [
        'when its tenant could not be migrated',
        () => tenants().set({ migration_error: 'syntax error' }).execute(),
        { definition: { code: 'ERR_AUTH_007', kind: 'unavailable' } },
      ],
      [
        'when taken out of the tenant',
        () => db.database.db.deleteFrom('platform.membership').where('user_id', '=', ann.id).execute(),
        INVALID,
      ],
      ['when deleted', () => db.database.db.deleteFrom('platform.user').where('id', '=', ann.id).execute(), INVALID],
    ])('%s', async (_, change, expected) => {
      await change();
      on.clock.advance(SECOND);
      for (const one of credentials) {
        const error = await bearer(one).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject(expected);
        expect((error as Error).message).not.toContain('syntax error');
      }
    });

    test('but not an operator whose tenant is suspended or broken: someone must repair it', async () => {
      await users().set({ is_operator: true }).execute();
      await tenants().set({ status: 'suspended', migration_error: 'syntax error' }).execute();
      on.clock.advance(SECOND);
      for (const one of credentials) expect(await bearer(one)).toMatchObject({ userId: ann.id });
    });
  });

  test('in a second tenant has the role of that tenant', async () => {
    const account = newAccount();
    const bob = await register(on.identity, account);
    await db.database.transaction((trx) =>
      insertMembership(trx, { tenant_id: ann.tenant.id, user_id: bob.user.id, role: 'viewer' }),
    );
    const { accessToken } = await login(on.identity, {
      name: account.email,
      password: account.password,
      tenant: ann.tenant.slug,
    });
    expect(await bearer(accessToken)).toMatchObject({ tenant: { id: ann.tenant.id }, role: 'viewer' });
  });
});

describe('requiring a role', () => {
  const viewer: Principal = {
    userId: 'u',
    tenant: { id: 't', slug: 't' },
    role: 'viewer',
    operator: false,
    via: 'access-token',
    apiKeyId: null,
    scopes: null,
  };
  const refused = (principal: Principal | null, access: 'viewer' | 'member' | 'operator') => {
    try {
      requireRole(principal, access);
    } catch (error) {
      return error;
    }
    return null;
  };

  test('lets who has it pass', () => {
    expect(refused(viewer, 'viewer')).toBeNull();
  });

  test('challenges nobody', () => {
    expect(refused(null, 'viewer')).toMatchObject({
      definition: { code: 'ERR_AUTH_004', kind: 'unauthenticated' },
      options: { headers: { 'www-authenticate': 'Bearer realm="parley"' } },
    });
  });

  test('says which role, or which scope, is needed', () => {
    expect(refused(viewer, 'member')).toMatchObject({
      message: 'This needs the role member; yours is viewer.',
      definition: { code: 'ERR_AUTH_003', kind: 'forbidden' },
    });
    expect(refused(viewer, 'operator')).toMatchObject({ message: 'This is for operators of the installation.' });
    expect(refused({ ...viewer, role: 'owner', scopes: ['read'] }, 'member')).toMatchObject({
      message: 'This needs an API key with the scope write.',
      options: {
        headers: { 'www-authenticate': expect.stringContaining('error="insufficient_scope", scope="write"') },
      },
    });
  });
});
