import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { fakeBcrypt, newAccount, type TestIdentity, testIdentity } from '../../../../test/support/identity.ts';
import { register } from '../identity.service.ts';
import { insertMembership } from '../identity.store.ts';
import { authenticateToken } from '../principal.ts';
import { type Login, login, logout, refresh } from './login.service.ts';
import { hashToken, newRefreshToken } from './refresh-token.ts';

const DAY = 24 * 60 * 60 * 1000;
const INVALID = { definition: { code: 'ERR_AUTH_002', kind: 'unauthenticated' } };
const WRONG = { definition: { code: 'ERR_AUTH_001', kind: 'unauthenticated' } };

describe.each(testDatabases())('logins on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let on: TestIdentity;
  let ann: ReturnType<typeof newAccount> & { id: string; tenant: { id: string; slug: string } };
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    on = await testIdentity(db.database);
    ann = await signUp();
  });

  async function signUp() {
    const account = newAccount();
    const { user, tenant } = await register(on.identity, account);
    return { ...account, id: user.id, tenant };
  }

  const logIn = (more: { rememberMe?: boolean; tenant?: string } = {}): Promise<Login> =>
    login(on.identity, { name: ann.email, password: ann.password, ...more });

  const setUser = (change: { is_active?: boolean; password_hash?: string | null }) =>
    db.database.db.updateTable('platform.user').set(change).where('id', '=', ann.id).execute();

  const act = (token: string) => authenticateToken(on.identity, token);

  const storedHash = async (): Promise<string | null> => {
    const row = await db.database.db
      .selectFrom('platform.user')
      .select('password_hash')
      .where('id', '=', ann.id)
      .executeTakeFirstOrThrow();
    return row.password_hash;
  };

  const countFamilies = async (): Promise<number> =>
    (await db.database.db.selectFrom('platform.token_family').select('id').where('user_id', '=', ann.id).execute())
      .length;

  describe('with a password', () => {
    test.each([
      ['e-mail address', () => ann.email],
      ['e-mail address in capitals', () => ann.email.toUpperCase()],
      ['user name', () => ann.username],
      ['user name in capitals', () => ann.username.toUpperCase()],
    ])('by %s', async (_, name) => {
      const started = await login(on.identity, { name: name(), password: ann.password });
      expect(started).toMatchObject({ expiresIn: 1800, user: { id: ann.id }, tenant: { slug: ann.tenant.slug } });
      expect(started.user.last_login_at).toEqual(on.clock.now());
      expect(Object.keys(started.user)).not.toContain('password_hash');
      expect(await act(started.accessToken)).toEqual({
        userId: ann.id,
        tenant: { id: ann.tenant.id, slug: ann.tenant.slug },
        role: 'owner',
        operator: started.user.is_operator,
        via: 'access-token',
        apiKeyId: null,
        scopes: null,
        loginId: expect.any(String),
      });
    });

    test('unknown and wrong get the same answer for the same work', async () => {
      const attempts = [
        { name: ann.email, password: 'wrong horse battery' },
        { name: 'nobody@example.com', password: ann.password },
        { name: 'nobody', password: ann.password },
        { name: 'no name at all @', password: ann.password },
      ];
      const answers = [];
      for (const attempt of attempts) {
        const before = { ...on.calls };
        const error = await login(on.identity, attempt).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject(WRONG);
        const { message, options } = error as { message: string; options: unknown };
        answers.push({ message, options, verified: on.calls.argon2Verify - before.argon2Verify });
        expect(on.calls.argon2Hash).toBe(before.argon2Hash);
      }
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(answers[0]).toMatchObject({ verified: 1 });
    });

    test('one who has no password cannot log in with any', async () => {
      await setUser({ password_hash: null });
      for (const password of ['', 'null', ann.password]) {
        await expect(login(on.identity, { name: ann.email, password })).rejects.toMatchObject(WRONG);
      }
    });

    test('a failure takes the floor at least, so that slow old hashes do not show', async () => {
      const { identity } = await testIdentity(db.database, { failureFloor: 60 });
      const before = performance.now();
      await expect(login(identity, { name: 'nobody', password: 'x' })).rejects.toMatchObject(WRONG);
      expect(performance.now() - before).toBeGreaterThanOrEqual(59);
    });

    test('a bcrypt hash from elsewhere is taken, and replaced at login', async () => {
      await setUser({ password_hash: fakeBcrypt(ann.password) });
      await expect(login(on.identity, { name: ann.email, password: 'wrong' })).rejects.toMatchObject(WRONG);
      expect(await storedHash()).toMatch(/^\$2b\$/);
      await logIn();
      expect(await storedHash()).toMatch(/^\$argon2id\$/);
      await logIn();
    });

    test('that the account is inactive is told only after the right password', async () => {
      await setUser({ is_active: false });
      await expect(login(on.identity, { name: ann.email, password: 'wrong' })).rejects.toMatchObject(WRONG);
      await expect(logIn()).rejects.toMatchObject({ definition: { code: 'ERR_USER_003', kind: 'forbidden' } });
    });

    test('the tenant is the first, or the one that is named', async () => {
      const bob = await signUp();
      await db.database.transaction((trx) =>
        insertMembership(trx, { tenant_id: bob.tenant.id, user_id: ann.id, role: 'member' }),
      );
      expect((await logIn()).tenant).toMatchObject({ slug: ann.tenant.slug, role: 'owner' });
      expect((await logIn({ tenant: bob.tenant.slug })).tenant).toMatchObject({
        slug: bob.tenant.slug,
        role: 'member',
      });
    });

    test("a neighbour's tenant is as absent as one that does not exist", async () => {
      const bob = await signUp();
      for (const tenant of [bob.tenant.slug, 'no-such-tenant', 'NO SLUG', "x'; DROP"]) {
        const error = await logIn({ tenant }).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({
          message: 'You are in no tenant with this slug.',
          definition: { code: 'ERR_USER_004', kind: 'not-found' },
        });
      }
      const wrong = login(on.identity, { name: ann.email, password: 'wrong', tenant: bob.tenant.slug });
      await expect(wrong).rejects.toMatchObject(WRONG);
    });

    test('one who is in no tenant any more is told so', async () => {
      await db.database.db.deleteFrom('platform.membership').where('user_id', '=', ann.id).execute();
      await expect(logIn()).rejects.toMatchObject({ definition: { code: 'ERR_USER_005' } });
    });

    test('a suspended tenant is refused', async () => {
      await db.database.db.updateTable('platform.user').set({ is_operator: false }).where('id', '=', ann.id).execute();
      await suspend();
      await expect(logIn()).rejects.toMatchObject({ definition: { code: 'ERR_AUTH_006', kind: 'forbidden' } });
    });

    test('logins that are over are cleared away, others stay', async () => {
      await logIn();
      await logIn({ rememberMe: true });
      on.clock.advance(8 * DAY);
      await logIn();
      expect(await countFamilies()).toBe(2);
    });
  });

  describe('that are refreshed', () => {
    test('get new tokens, for the same tenant, and the old one is spent', async () => {
      const started = await logIn();
      on.clock.advance(29 * 60_000);
      const renewed = await refresh(on.identity, started.refreshToken);
      expect(renewed.refreshToken).toMatch(/^prt_[A-Za-z0-9_-]{43}$/);
      expect(renewed.refreshToken).not.toBe(started.refreshToken);
      expect(renewed).toMatchObject({ expiresIn: 1800, user: { id: ann.id }, tenant: { slug: ann.tenant.slug } });
      on.clock.advance(2 * 60_000);
      await expect(act(started.accessToken)).rejects.toMatchObject(INVALID);
      expect(await act(renewed.accessToken)).toMatchObject({ userId: ann.id });
    });

    test('store no token', async () => {
      const { refreshToken } = await logIn();
      const rows = await db.database.db.selectFrom('platform.refresh_token').selectAll().execute();
      expect(rows.map(({ token_hash }) => token_hash)).toContain(hashToken(refreshToken));
      expect(JSON.stringify(rows)).not.toContain(refreshToken);
    });

    test.each([
      ['7 days', false, 7],
      ['30 days when they are to be remembered', true, 30],
    ])('last %s from the last refresh', async (_, rememberMe, days) => {
      const first = await logIn({ rememberMe });
      on.clock.advance(days * DAY - 1000);
      const second = await refresh(on.identity, first.refreshToken);
      on.clock.advance(days * DAY - 1000);
      const third = await refresh(on.identity, second.refreshToken);
      on.clock.advance(days * DAY);
      await expect(refresh(on.identity, third.refreshToken)).rejects.toMatchObject(INVALID);
    });

    test('end altogether when a spent token comes again: for the thief and for the owner', async () => {
      const started = await logIn();
      const other = await logIn();
      const owner = await refresh(on.identity, started.refreshToken);
      expect(await act(owner.accessToken)).toMatchObject({ userId: ann.id });

      await expect(refresh(on.identity, started.refreshToken)).rejects.toMatchObject(INVALID);
      await expect(refresh(on.identity, owner.refreshToken)).rejects.toMatchObject(INVALID);
      await expect(act(owner.accessToken)).rejects.toMatchObject(INVALID);
      await expect(act(started.accessToken)).rejects.toMatchObject(INVALID);

      expect(await act(other.accessToken)).toMatchObject({ userId: ann.id });
      await refresh(on.identity, other.refreshToken);
    });

    test('in parallel never fork: one at most gets tokens, and those are ended by the others', async () => {
      const started = await logIn();
      const all = await Promise.allSettled(Array.from({ length: 6 }, () => refresh(on.identity, started.refreshToken)));
      const renewed = all.filter((one) => one.status === 'fulfilled');
      expect(renewed.length).toBeLessThanOrEqual(1);
      for (const one of all) if (one.status === 'rejected') expect(one.reason).toMatchObject(INVALID);
      for (const { value } of renewed) {
        await expect(refresh(on.identity, value.refreshToken)).rejects.toMatchObject(INVALID);
      }
      const live = await db.database.db
        .selectFrom('platform.token_family')
        .select('id')
        .where('user_id', '=', ann.id)
        .where('revoked_at', 'is', null)
        .execute();
      expect(live).toEqual([]);
    });

    test.each([
      ['an unknown one', async () => newRefreshToken()],
      ['an access token', async () => (await logIn()).accessToken],
      ['nothing', async () => ''],
      ['one that was cut off', async () => (await logIn()).refreshToken.slice(0, -1)],
    ])('take no other token: %s', async (_, token) => {
      await expect(refresh(on.identity, await token())).rejects.toMatchObject(INVALID);
    });

    test('are refused when the user was deactivated, and go on when that is taken back', async () => {
      const { refreshToken } = await logIn();
      await setUser({ is_active: false });
      await expect(refresh(on.identity, refreshToken)).rejects.toMatchObject({ definition: { code: 'ERR_USER_003' } });
      await setUser({ is_active: true });
      await refresh(on.identity, refreshToken);
    });

    test('are refused when the user left the tenant', async () => {
      const { refreshToken } = await logIn();
      await db.database.db.deleteFrom('platform.membership').where('user_id', '=', ann.id).execute();
      await expect(refresh(on.identity, refreshToken)).rejects.toMatchObject(INVALID);
    });

    test('carry the role of now', async () => {
      const { refreshToken } = await logIn();
      await setRole('viewer');
      const renewed = await refresh(on.identity, refreshToken);
      expect(renewed.tenant.role).toBe('viewer');
      expect((await on.identity.tokens.read(renewed.accessToken))?.role).toBe('viewer');
    });

    test('keep no spent token longer than its time', async () => {
      let { refreshToken } = await logIn();
      for (let day = 0; day < 10; day += 1) {
        on.clock.advance(DAY);
        ({ refreshToken } = await refresh(on.identity, refreshToken));
      }
      const tokens = await db.database.db
        .selectFrom('platform.refresh_token as token')
        .innerJoin('platform.token_family as family', 'family.id', 'token.family_id')
        .select('token.id')
        .where('family.user_id', '=', ann.id)
        .execute();
      expect(tokens.length).toBeLessThanOrEqual(8);
    });
  });

  describe('that are ended', () => {
    test('by the refresh token end at once, and ending them again is no fault', async () => {
      const started = await logIn();
      expect(await act(started.accessToken)).toMatchObject({ userId: ann.id });
      await logout(on.identity, started.refreshToken);
      await logout(on.identity, started.refreshToken);
      await expect(act(started.accessToken)).rejects.toMatchObject(INVALID);
      await expect(refresh(on.identity, started.refreshToken)).rejects.toMatchObject(INVALID);
    });

    test('by the access token end as well, even when it has expired', async () => {
      for (const wait of [0, 2 * DAY]) {
        const started = await logIn();
        on.clock.advance(wait);
        await logout(on.identity, started.accessToken);
        await expect(refresh(on.identity, started.refreshToken)).rejects.toMatchObject(INVALID);
      }
    });

    test('leave other logins alone', async () => {
      const [one, other] = [await logIn(), await logIn()];
      await logout(on.identity, one.refreshToken);
      expect(await act(other.accessToken)).toMatchObject({ userId: ann.id });
    });

    test.each(['', 'nonsense', newRefreshToken(), 'pk_0123456789abcdef_'.padEnd(63, 'x')])(
      'by %j do nothing',
      async (token) => {
        await expect(logout(on.identity, token)).resolves.toBeUndefined();
      },
    );

    test('by another installation end nothing', async () => {
      const started = await logIn();
      const foreign = await testIdentity(db.database, { secretKey: 'the-secret-of-another-installation' });
      await logout(foreign.identity, started.accessToken);
      on.clock.advance(2000);
      expect(await act(started.accessToken)).toMatchObject({ userId: ann.id });
    });
  });

  const suspend = () =>
    db.database.db
      .updateTable('platform.tenant')
      .set({ status: 'suspended' })
      .where('id', '=', ann.tenant.id)
      .execute();

  const setRole = (role: 'viewer' | 'owner') =>
    db.database.db.updateTable('platform.membership').set({ role }).where('user_id', '=', ann.id).execute();
});
