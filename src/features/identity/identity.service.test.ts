import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../test/support/databases.ts';
import { newAccount, type TestIdentity, testIdentity } from '../../../test/support/identity.ts';
import { ApiError } from '../../platform/http/errors.ts';
import { createTenant, inTenant } from '../tenancy/index.ts';
import { createFirstOperator, describePrincipal, listMembers, listTenantsOf, register } from './identity.service.ts';
import { insertMembership } from './identity.store.ts';
import { authenticateToken } from './principal.ts';
import { login } from './token/login.service.ts';

describe.each(testDatabases())('accounts on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let on: TestIdentity;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    on = await testIdentity(db.database);
  });

  const countUsers = async (): Promise<number> => {
    const { count } = await db.database.db
      .selectFrom('platform.user')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return Number(count);
  };

  test('the first user of an installation operates it, the next one does not', async () => {
    await db.database.db.deleteFrom('platform.user').execute();
    const both = await Promise.all([register(on.identity, newAccount()), register(on.identity, newAccount())]);
    const third = await register(on.identity, newAccount());
    expect(both.map(({ user }) => user.is_operator).sort()).toEqual([false, true]);
    expect(third.user.is_operator).toBe(false);
  });

  test('registering makes a user, a tenant with its tables, and the user its owner', async () => {
    const account = newAccount();
    const { user, tenant } = await register(on.identity, {
      ...account,
      email: ` ${account.email.toUpperCase()}`,
      fullName: '  Ann Example ',
    });
    expect(user).toMatchObject({
      email: account.email,
      username: account.username,
      full_name: 'Ann Example',
      is_active: true,
      last_login_at: null,
    });
    expect(tenant).toMatchObject({ slug: account.username, role: 'owner', status: 'active' });
    const sessions = await inTenant(db.database, tenant, (trx) => trx.selectFrom('session').select('id').execute());
    expect(sessions).toEqual([]);
  });

  test('no password is stored, only its hash', async () => {
    const account = newAccount();
    const { user } = await register(on.identity, account);
    const { rows } = await sql<{ row: string }>`
      SELECT row_to_json(u)::text AS row FROM platform."user" u WHERE id = ${user.id}`.execute(db.database.db);
    expect(rows[0]?.row).toContain('$argon2id$');
    expect(rows[0]?.row).not.toContain(account.password);
  });

  test.each([
    ['email', { email: (taken: string) => taken.toUpperCase() }],
    ['username', { username: (taken: string) => taken.toUpperCase() }],
  ])('a %s that is taken is refused whatever its case, and nothing is left of the attempt', async (field, change) => {
    const first = newAccount();
    await register(on.identity, first);
    const before = await countUsers();
    const second = newAccount();
    const attempt =
      'email' in change
        ? { ...second, email: change.email?.(first.email) ?? '' }
        : { ...second, username: change.username?.(first.username) ?? '' };
    await expect(register(on.identity, attempt)).rejects.toMatchObject({
      definition: { code: 'ERR_USER_002', kind: 'conflict' },
      options: { fields: [{ field, message: 'is taken by another account' }] },
    });
    expect(await countUsers()).toBe(before);
    expect(await schemaExists(`tenant_${second.username}`)).toBe(false);
  });

  test('of several who register the same address at once one gets it', async () => {
    const { email, password } = newAccount();
    const before = await countUsers();
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => register(on.identity, { email, password })));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const one of all) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ definition: { code: 'ERR_USER_002' } });
    }
    expect(await countUsers()).toBe(before + 1);
  });

  test('of several whose tenants would have the same slug each gets one of its own', async () => {
    const name = `same-${newAccount().username}`;
    const all = await Promise.all(
      ['a', 'b', 'c'].map((host) =>
        register(on.identity, { email: `${name}@${host}.example.com`, password: 'x'.repeat(8) }),
      ),
    );
    const slugs = all.map(({ tenant }) => tenant.slug);
    expect(new Set(slugs).size).toBe(3);
    expect(slugs).toContain(name);
  });

  test('when the tenant cannot be made there is no user either', async () => {
    const account = newAccount();
    const broken = {
      id: '9999_broken',
      scope: 'tenant' as const,
      checksum: 'x',
      up: ['CREATE TABLE broken (id no_such_type)'],
      down: [],
    };
    const { identity } = await testIdentity(db.database, { migrations: [...on.identity.migrations, broken] });
    const before = await countUsers();
    await expect(register(identity, account)).rejects.toThrow('no_such_type');
    expect(await countUsers()).toBe(before);
    expect(await schemaExists(`tenant_${account.username}`)).toBe(false);
    await expect(register(on.identity, account)).resolves.toMatchObject({ tenant: { slug: account.username } });
  });

  test.each([
    ['email', { email: 'nobody' }],
    ['username', { username: 'a b' }],
    ['password', { password: 'short' }],
  ])('a bad %s is refused with its name', async (field, change) => {
    await expect(register(on.identity, { ...newAccount(), ...change })).rejects.toMatchObject({
      definition: { kind: 'invalid' },
      options: { fields: [{ field }] },
    });
  });

  test('an account needs no user name, and its tenant is named after its address', async () => {
    const { email, password } = newAccount();
    const { user, tenant } = await register(on.identity, { email, password });
    expect(user.username).toBeNull();
    expect(tenant.slug).toBe(email.split('@')[0]);
  });

  test('the first start makes one operator, whose password works, and the second start none', async () => {
    await db.database.db.deleteFrom('platform.user').execute();
    await db.database.db.deleteFrom('platform.tenant').where('slug', '=', 'main').execute();
    await sql`DROP SCHEMA IF EXISTS tenant_main CASCADE`.execute(db.database.db);
    const starts = await Promise.all([createFirstOperator(on.identity), createFirstOperator(on.identity)]);
    const made = starts.filter((one) => one !== null);
    expect(made).toHaveLength(1);
    expect(made[0]).toMatchObject({ username: 'admin', principal: { role: 'owner', tenant: { slug: 'main' } } });
    const name = made[0]?.username ?? '';
    const started = await login(on.identity, { name, password: made[0]?.password ?? '' });
    expect(started.user.is_operator).toBe(true);
    expect(started.tenant).toMatchObject({ slug: 'main', role: 'owner' });
    expect(await createFirstOperator(on.identity)).toBeNull();
  });

  test('a principal sees its own tenants, and the users of the one it acts in', async () => {
    const [ann, bob] = [newAccount(), newAccount()];
    const first = await register(on.identity, ann);
    const second = await register(on.identity, bob);
    await db.database.transaction((trx) =>
      insertMembership(trx, { tenant_id: first.tenant.id, user_id: second.user.id, role: 'viewer' }),
    );
    const principal = await principalOf(bob.username, bob.password, first.tenant.slug);
    expect(principal).toMatchObject({ userId: second.user.id, role: 'viewer', tenant: { slug: first.tenant.slug } });

    const page = { limit: 10, after: null };
    const tenants = await listTenantsOf(on.identity, principal, page);
    expect(tenants.map(({ slug, role }) => [slug, role])).toEqual([
      [first.tenant.slug, 'viewer'],
      [second.tenant.slug, 'owner'],
    ]);
    const members = await listMembers(on.identity, principal, page);
    expect(members.map(({ username, role }) => [username, role])).toEqual([
      [ann.username, 'owner'],
      [bob.username, 'viewer'],
    ]);
    const described = await describePrincipal(on.identity, principal);
    expect(described).toMatchObject({ user: { username: bob.username }, tenant: { slug: first.tenant.slug } });

    const own = await principalOf(bob.username, bob.password, second.tenant.slug);
    expect((await listMembers(on.identity, own, page)).map(({ username }) => username)).toEqual([bob.username]);
  });

  test('lists go on after the last id, one row more than asked for', async () => {
    const ann = newAccount();
    const { user } = await register(on.identity, ann);
    for (const name of ['one', 'two']) {
      await db.database.transaction(async (trx) => {
        const tenant = await createTenant(trx, { name: `${ann.username}-${name}` }, on.identity.migrations);
        await insertMembership(trx, { tenant_id: tenant.id, user_id: user.id, role: 'admin' });
      });
    }
    const principal = await principalOf(ann.username, ann.password);
    const first = await listTenantsOf(on.identity, principal, { limit: 1, after: null });
    expect(first.map(({ slug }) => slug)).toEqual([ann.username, `${ann.username}-one`]);
    const rest = await listTenantsOf(on.identity, principal, { limit: 5, after: first[0]?.id ?? null });
    expect(rest.map(({ slug }) => slug)).toEqual([`${ann.username}-one`, `${ann.username}-two`]);
  });

  test('errors say nothing of SQL', async () => {
    const account = newAccount();
    await register(on.identity, account);
    const error: unknown = await register(on.identity, account).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).message).toBe('There is already an account with this email.');
  });

  async function schemaExists(name: string): Promise<boolean> {
    const { rows } = await sql`SELECT 1 FROM pg_namespace WHERE nspname = ${name}`.execute(db.database.db);
    return rows.length > 0;
  }

  async function principalOf(name: string, password: string, tenant?: string) {
    const { accessToken } = await login(on.identity, { name, password, tenant });
    return authenticateToken(on.identity, accessToken);
  }
});
