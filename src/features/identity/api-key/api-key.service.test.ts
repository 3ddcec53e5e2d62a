import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { newAccount, type TestIdentity, testIdentity } from '../../../../test/support/identity.ts';
import type { ApiKeyScope, MembershipRole } from '../../../platform/database/schema.ts';
import { newId } from '../../../platform/id.ts';
import { register } from '../identity.service.ts';
import { insertMembership } from '../identity.store.ts';
import type { Principal } from '../principal.ts';
import { createApiKey, listApiKeys, revokeApiKey } from './api-key.service.ts';

const page = { limit: 10, after: null };

describe.each(testDatabases())('API keys on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let on: TestIdentity;
  let ann: Principal;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    on = await testIdentity(db.database);
    ann = await principal();
  });

  /** A new user: in a tenant of its own, or with a role in another's. */
  async function principal(inside?: { tenant: Principal['tenant']; role: MembershipRole }): Promise<Principal> {
    const { user, tenant } = await register(on.identity, newAccount());
    const rest = { userId: user.id, operator: false, via: 'access-token', apiKeyId: null, scopes: null } as const;
    if (!inside) return { ...rest, tenant: { id: tenant.id, slug: tenant.slug }, role: 'owner' };
    const { tenant: other, role } = inside;
    await db.database.transaction((trx) => insertMembership(trx, { tenant_id: other.id, user_id: user.id, role }));
    return { ...rest, tenant: other, role };
  }

  const names = async (of: Principal) => (await listApiKeys(on.identity, of, page)).map(({ name }) => name);

  test('are shown once and kept as a hash', async () => {
    const { key, row } = await createApiKey(on.identity, ann, { name: 'build' });
    expect(row).toMatchObject({ name: 'build', scopes: ['read', 'write'], expires_at: null, last_used_at: null });
    expect(key.startsWith(`${row.prefix}_`)).toBe(true);
    const secret = key.slice(row.prefix.length + 1);
    const stored = await db.database.db.selectFrom('platform.api_key').selectAll().where('id', '=', row.id).execute();
    expect(JSON.stringify([stored, row, await listApiKeys(on.identity, ann, page)])).not.toContain(secret);
    expect(Object.keys(row)).not.toContain('secret_hash');
  });

  test('have the scopes that were asked for, each once', async () => {
    const { row } = await createApiKey(on.identity, ann, { name: 'x', scopes: ['admin', 'read', 'read'] });
    expect(row.scopes).toEqual(['admin', 'read']);
  });

  test.each<[MembershipRole, ApiKeyScope[]]>([
    ['viewer', ['read']],
    ['member', ['read', 'write']],
    ['admin', ['read', 'write']],
  ])('of a %s have %j unless asked otherwise, and never more than the role', async (role, expected) => {
    const member = await principal({ tenant: ann.tenant, role });
    expect((await createApiKey(on.identity, member, { name: 'x' })).row.scopes).toEqual(expected);
    await expect(createApiKey(on.identity, member, { name: 'x', scopes: ['read', 'operator'] })).rejects.toMatchObject({
      definition: { kind: 'invalid' },
      options: { fields: [{ field: 'scopes', message: expect.stringContaining('must not have operator') }] },
    });
  });

  test.each([
    ['a time that is over', () => new Date(on.clock.now().getTime() - 1)],
    ['this moment', () => on.clock.now()],
    ['a time that is none', () => new Date(Number.NaN)],
  ])('are refused with %s as their end', async (_, expiresAt) => {
    await expect(createApiKey(on.identity, ann, { name: 'x', expiresAt: expiresAt() })).rejects.toMatchObject({
      options: { fields: [{ field: 'expires_at' }] },
    });
  });

  test('are listed without those that are revoked, page by page', async () => {
    const made = [];
    for (const name of ['one', 'two', 'three']) made.push(await createApiKey(on.identity, ann, { name }));
    await revokeApiKey(on.identity, ann, made[1]?.row.id ?? '');
    expect(await names(ann)).toEqual(['one', 'three']);
    const first = await listApiKeys(on.identity, ann, { limit: 1, after: null });
    expect(first).toHaveLength(2);
    const rest = await listApiKeys(on.identity, ann, { limit: 1, after: first[0]?.id ?? null });
    expect(rest.map(({ name }) => name)).toEqual(['three']);
  });

  test('cannot be revoked twice', async () => {
    const { row } = await createApiKey(on.identity, ann, { name: 'x' });
    await revokeApiKey(on.identity, ann, row.id);
    await expect(revokeApiKey(on.identity, ann, row.id)).rejects.toMatchObject({ definition: { code: 'ERR_KEY_001' } });
  });

  test.each([newId(), 'no id', ''])('with the id %j do not exist', async (id) => {
    await expect(revokeApiKey(on.identity, ann, id)).rejects.toMatchObject({
      definition: { code: 'ERR_KEY_001', kind: 'not-found' },
    });
  });

  test("of a neighbour's tenant are absent, for its owner too", async () => {
    const bob = await principal();
    const { row } = await createApiKey(on.identity, ann, { name: 'x' });
    await expect(revokeApiKey(on.identity, bob, row.id)).rejects.toMatchObject({ definition: { code: 'ERR_KEY_001' } });
    expect(await names(bob)).toEqual([]);
    expect(await names(ann)).toEqual(['x']);
  });

  test('of another user of the tenant are theirs: members may not revoke them, admins may', async () => {
    const { row } = await createApiKey(on.identity, ann, { name: 'x' });
    const member = await principal({ tenant: ann.tenant, role: 'member' });
    const admin = await principal({ tenant: ann.tenant, role: 'admin' });
    expect(await names(admin)).toEqual([]);
    await expect(revokeApiKey(on.identity, member, row.id)).rejects.toMatchObject({
      definition: { code: 'ERR_KEY_002', kind: 'forbidden' },
    });
    await revokeApiKey(on.identity, admin, row.id);
    expect(await names(ann)).toEqual([]);
  });

  test('of one user in two tenants are apart', async () => {
    const other = await principal();
    await db.database.transaction((trx) =>
      insertMembership(trx, { tenant_id: other.tenant.id, user_id: ann.userId, role: 'admin' }),
    );
    const there: Principal = { ...ann, tenant: other.tenant, role: 'admin' };
    const { row } = await createApiKey(on.identity, there, { name: 'there' });
    expect([await names(ann), await names(there)]).toEqual([[], ['there']]);
    await expect(revokeApiKey(on.identity, ann, row.id)).rejects.toMatchObject({ definition: { code: 'ERR_KEY_001' } });
  });

  test('cannot make or revoke keys', async () => {
    const { row } = await createApiKey(on.identity, ann, { name: 'x' });
    const byKey: Principal = { ...ann, via: 'api-key', apiKeyId: row.id, scopes: ['read', 'write', 'admin'] };
    const refusal = { definition: { code: 'ERR_KEY_003', kind: 'forbidden' } };
    await expect(createApiKey(on.identity, byKey, { name: 'y' })).rejects.toMatchObject(refusal);
    await expect(revokeApiKey(on.identity, byKey, row.id)).rejects.toMatchObject(refusal);
    expect(await names(ann)).toEqual(['x']);
  });
});
