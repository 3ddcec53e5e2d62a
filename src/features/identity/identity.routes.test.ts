import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyTestDatabase, type TestDatabase } from '../../../test/support/databases.ts';
import { newAccount, type TestIdentity, testIdentity } from '../../../test/support/identity.ts';
import { type App, createHttpServer } from '../../platform/http/server.ts';
import { identityRoutes } from './identity.routes.ts';
import { insertMembership } from './identity.store.ts';
import { authenticate, requireRole } from './principal.ts';

/** The routes on a bare server, behind a guard as the app's. The whole app is tried in test/acceptance. */
function serve({ identity }: TestIdentity): App {
  const app = createHttpServer({
    log: pino({ enabled: false }),
    bodyLimit: 1024 * 1024,
    requestTimeout: 15_000,
    trustedProxies: [],
    rewriteUrl: ({ url = '/' }) => url,
  });
  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config.access ?? 'public';
    if (access === 'public') return;
    const principal = await authenticate(identity, request.headers);
    requireRole(principal, access);
    request.principal = principal;
  });
  identityRoutes(app, identity);
  return app;
}

describe.each(anyTestDatabase())('identity over HTTP on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let on: TestIdentity;
  let app: App;
  beforeAll(async () => {
    db = await open();
    on = await testIdentity(db.database);
    app = serve(on);
    await call('POST', '/v1/auth/register', newAccount());
  });
  afterAll(async () => {
    await app.close();
    await db.close();
  });

  type Options = { token?: string; headers?: Record<string, string> };

  async function call(method: 'GET' | 'POST' | 'DELETE', url: string, body?: object, options: Options = {}) {
    const headers = {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...options.headers,
    };
    const reply = await app.inject({ method, url, headers, ...(body === undefined ? {} : { payload: body }) });
    return { status: reply.statusCode, headers: reply.headers, body: reply.body === '' ? null : reply.json() };
  }

  async function signIn() {
    const account = newAccount();
    const { body: registered } = await call('POST', '/v1/auth/register', account);
    const { body } = await call('POST', '/v1/auth/login', { email: account.email, password: account.password });
    return { ...account, user: registered.user, tenant: registered.tenant, ...body };
  }

  test('register answers 201 with user and tenant, and no secret', async () => {
    const account = newAccount();
    const { status, body } = await call('POST', '/v1/auth/register', { ...account, full_name: 'Ann Example' });
    expect(status).toBe(201);
    expect(body).toEqual({
      user: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        email: account.email,
        username: account.username,
        full_name: 'Ann Example',
        is_active: true,
        is_operator: false,
        email_verified: false,
        last_login_at: null,
        created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      },
      tenant: {
        id: expect.any(String),
        slug: account.username,
        name: account.username,
        role: 'owner',
        requires_second_factor: false,
        created_at: expect.any(String),
      },
    });
  });

  test('register answers 409 and the field when the account exists', async () => {
    const account = newAccount();
    await call('POST', '/v1/auth/register', account);
    const { status, body, headers } = await call('POST', '/v1/auth/register', account);
    expect(status).toBe(409);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(body).toMatchObject({
      code: 'ERR_USER_002',
      errors: [{ field: 'email', message: 'is taken by another account' }],
    });
  });

  test.each<[string, object, string]>([
    ['no e-mail address', { email: undefined }, 'email'],
    ['a bad e-mail address', { email: 'nobody' }, 'email'],
    ['a short password', { password: '1234567' }, 'password'],
    ['a long password', { password: 'x'.repeat(129) }, 'password'],
    ['a number as the password', { password: 12345678 }, 'password'],
    ['a bad user name', { username: 'ann smith' }, 'username'],
    ['a line feed in the name', { full_name: 'Ann\nExample' }, 'full_name'],
    ['a number as the name', { full_name: 5 }, 'full_name'],
    ['a tenant of its choice', { tenant_id: 'main' }, 'tenant_id'],
    ['a role of its choice', { role: 'admin' }, 'role'],
    ['to be an operator', { is_operator: true }, 'is_operator'],
  ])('register answers 422 with the field for %s', async (_, change, field) => {
    const { status, body } = await call('POST', '/v1/auth/register', { ...newAccount(), ...change });
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ field, message: expect.any(String) }]);
  });

  test('login answers 200 with both tokens, for no cache', async () => {
    const ann = await signIn();
    expect(ann).toMatchObject({
      token_type: 'bearer',
      expires_in: 1800,
      refresh_token: expect.stringMatching(/^prt_/),
    });
    const { headers } = await call('POST', '/v1/auth/login', { username: ann.username, password: ann.password });
    expect(headers['cache-control']).toBe('no-store');
  });

  test('login answers 401, with a challenge and the same text, for wrong and unknown', async () => {
    const ann = await signIn();
    const wrong = await call('POST', '/v1/auth/login', { email: ann.email, password: 'wrong horse' });
    const unknown = await call('POST', '/v1/auth/login', { email: 'nobody@example.com', password: ann.password });
    for (const { status, headers, body } of [wrong, unknown]) {
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toBe('Bearer realm="parley"');
      expect({ ...body, request_id: '' }).toEqual({ ...wrong.body, request_id: '' });
    }
  });

  test.each<[string, object]>([
    ['neither name', {}],
    ['both names', { email: 'ann@example.com', username: 'ann' }],
  ])('login answers 422 for %s', async (_, names) => {
    const { status, body } = await call('POST', '/v1/auth/login', { ...names, password: 'correct horse' });
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ field: 'email', message: 'is required, or username instead of it, but not both' }]);
  });

  test.each<[string, (token: string) => [object | undefined, Options]]>([
    ['in the body', (refresh_token) => [{ refresh_token }, {}]],
    ['as the bearer', (token) => [undefined, { token }]],
    ['as the bearer with an empty object', (token) => [{}, { token }]],
  ])('refresh takes the token %s, once', async (_, send) => {
    const ann = await signIn();
    const [body, options] = send(ann.refresh_token);
    const renewed = await call('POST', '/v1/auth/refresh', body, options);
    expect(renewed.status).toBe(200);
    expect(renewed.headers['cache-control']).toBe('no-store');
    expect(Object.keys(renewed.body).sort()).toEqual([
      'access_token',
      'expires_in',
      'refresh_token',
      'tenant',
      'token_type',
      'user',
    ]);
    const again = await call('POST', '/v1/auth/refresh', body, options);
    expect(again.status).toBe(401);
    expect(again.headers['www-authenticate']).toContain('error="invalid_token"');
    const ended = await call('GET', '/v1/auth/me', undefined, { token: renewed.body.access_token });
    expect(ended.status).toBe(401);
  });

  test('refresh answers one fault for a token that is no text', async () => {
    const { status, body } = await call('POST', '/v1/auth/refresh', { refresh_token: 5 });
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ field: 'refresh_token', message: 'must be string' }]);
  });

  test('refresh and logout answer 401 without any token', async () => {
    for (const path of ['/v1/auth/refresh', '/v1/auth/logout']) {
      const { status, body } = await call('POST', path);
      expect([status, body.code]).toEqual([401, 'ERR_AUTH_004']);
    }
  });

  test.each<[string, (login: { refresh_token: string; access_token: string }) => [object | undefined, Options]]>([
    ['a refresh token', ({ refresh_token }) => [{ refresh_token }, {}]],
    ['an access token', ({ access_token }) => [undefined, { token: access_token }]],
  ])('logout by %s answers 204, again and again', async (_, send) => {
    const ann = await signIn();
    for (let time = 0; time < 2; time += 1) {
      expect(await call('POST', '/v1/auth/logout', ...send(ann))).toMatchObject({ status: 204, body: null });
    }
    expect((await call('GET', '/v1/auth/me', undefined, { token: ann.access_token })).status).toBe(401);
    expect((await call('POST', '/v1/auth/refresh', { refresh_token: ann.refresh_token })).status).toBe(401);
  });

  test('me answers who the credential is', async () => {
    const ann = await signIn();
    const { status, body } = await call('GET', '/v1/auth/me', undefined, { token: ann.access_token });
    expect(status).toBe(200);
    expect(body).toMatchObject({ user: { id: ann.user.id }, tenant: { id: ann.tenant.id, role: 'owner' } });
  });

  test.each(['/v1/auth/me', '/v1/tenants', '/v1/users', '/v1/api-keys'])('GET %s needs a credential', async (path) => {
    const none = await call('GET', path);
    expect(none.status).toBe(401);
    expect(none.headers['www-authenticate']).toBe('Bearer realm="parley"');
    const bad = await call('GET', path, undefined, { token: 'nonsense' });
    expect(bad.status).toBe(401);
    expect(bad.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(bad.body).toMatchObject({ code: 'ERR_AUTH_002', title: 'Invalid token' });
  });

  test('an API key is made, used, listed and revoked', async () => {
    const ann = await signIn();
    const made = await call('POST', '/v1/api-keys', { name: 'build' }, { token: ann.access_token });
    expect(made.status).toBe(201);
    expect(made.headers['cache-control']).toBe('no-store');
    const { key, ...shown } = made.body;
    expect(shown).toEqual({
      id: expect.any(String),
      name: 'build',
      prefix: key.slice(0, 19),
      scopes: ['read', 'write'],
      expires_at: null,
      last_used_at: null,
      created_at: expect.any(String),
    });

    for (const headers of [{ authorization: `Bearer ${key}` }, { 'x-api-key': key }]) {
      const me = await call('GET', '/v1/auth/me', undefined, { headers });
      expect(me.body).toMatchObject({ user: { id: ann.user.id } });
    }
    const listed = await call('GET', '/v1/api-keys', undefined, { headers: { 'x-api-key': key } });
    expect(listed.body).toEqual({
      data: [{ ...shown, last_used_at: on.clock.now().toISOString() }],
      next_cursor: null,
    });

    expect(
      (await call('DELETE', `/v1/api-keys/${shown.id}`, undefined, { headers: { 'x-api-key': key } })).status,
    ).toBe(403);
    const gone = await call('DELETE', `/v1/api-keys/${shown.id}`, undefined, { token: ann.access_token });
    expect(gone).toMatchObject({ status: 204, body: null });
    expect((await call('GET', '/v1/auth/me', undefined, { headers: { 'x-api-key': key } })).status).toBe(401);
  });

  test.each<[string, object, string]>([
    ['no name', { name: '' }, 'name'],
    ['only spaces as its name', { name: '  ' }, 'name'],
    ['a line feed in its name', { name: 'a\nb' }, 'name'],
    ['an unknown scope', { name: 'x', scopes: ['root'] }, 'scopes.0'],
    ['no scope', { name: 'x', scopes: [] }, 'scopes'],
    ['a scope beyond the role', { name: 'x', scopes: ['operator'] }, 'scopes'],
    ['no time', { name: 'x', expires_at: 'tomorrow' }, 'expires_at'],
    ['a time that is over', { name: 'x', expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
    ['a leap second that no date can be', { name: 'x', expires_at: '2030-06-30T23:59:60Z' }, 'expires_at'],
  ])('an API key with %s gets 422 and the field', async (_, body, field) => {
    const ann = await signIn();
    const { status, body: problem } = await call('POST', '/v1/api-keys', body, { token: ann.access_token });
    expect(status).toBe(422);
    expect(problem.errors[0].field).toBe(field);
  });

  test('a key that only reads gets 403 where writing is needed, and is told the scope', async () => {
    const ann = await signIn();
    const { body } = await call('POST', '/v1/api-keys', { name: 'x', scopes: ['write'] }, { token: ann.access_token });
    const refused = await call('GET', '/v1/auth/me', undefined, { token: body.key });
    expect(refused.status).toBe(403);
    expect(refused.body.detail).toBe('This needs an API key with the scope read.');
    expect(refused.headers['www-authenticate']).toContain('error="insufficient_scope", scope="read"');
  });

  test('tenants and users are listed page by page; users for admins only', async () => {
    const [ann, bob] = [await signIn(), await signIn()];
    await db.database.transaction((trx) =>
      insertMembership(trx, { tenant_id: ann.tenant.id, user_id: bob.user.id, role: 'member' }),
    );
    const first = await call('GET', '/v1/users?limit=1', undefined, { token: ann.access_token });
    expect(first.body.data).toEqual([expect.objectContaining({ id: ann.user.id, role: 'owner' })]);
    expect(Object.keys(first.body.data[0])).not.toContain('is_operator');
    const second = await call('GET', `/v1/users?limit=1&cursor=${first.body.next_cursor}`, undefined, {
      token: ann.access_token,
    });
    expect(second.body).toEqual({
      data: [expect.objectContaining({ id: bob.user.id, role: 'member' })],
      next_cursor: null,
    });

    const tenants = await call('GET', '/v1/tenants', undefined, { token: bob.access_token });
    expect(tenants.body.data.map(({ slug }: { slug: string }) => slug)).toEqual([ann.tenant.slug, bob.tenant.slug]);

    const there = { email: bob.email, password: bob.password, tenant: ann.tenant.slug };
    const { body: asMember } = await call('POST', '/v1/auth/login', there);
    const refused = await call('GET', '/v1/users', undefined, { token: asMember.access_token });
    expect([refused.status, refused.body.detail]).toEqual([403, 'This needs the role admin; yours is member.']);
  });

  test.each([
    'nonsense',
    'bnVsbA',
    Buffer.from('["x"]').toString('base64url'),
    Buffer.from('[1]').toString('base64url'),
  ])('the cursor %j gets 422', async (cursor) => {
    const ann = await signIn();
    const { status, body } = await call('GET', `/v1/tenants?cursor=${cursor}`, undefined, { token: ann.access_token });
    expect([status, body.errors[0].field]).toEqual([422, 'cursor']);
  });

  test('an inactive account gets 403 after the right password only', async () => {
    const ann = await signIn();
    await db.database.db.updateTable('platform.user').set({ is_active: false }).where('id', '=', ann.user.id).execute();
    const right = await call('POST', '/v1/auth/login', { email: ann.email, password: ann.password });
    const wrong = await call('POST', '/v1/auth/login', { email: ann.email, password: 'wrong horse' });
    expect([right.status, right.body.code, wrong.status]).toEqual([403, 'ERR_USER_003', 401]);
  });
});
