import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApp, type TestApp } from '../../test/support/app.ts';
import { anyTestDatabase, type TestDatabase } from '../../test/support/databases.ts';
import { newAccount } from '../../test/support/identity.ts';
import { RAISED_LIMITS } from '../../test/support/raised-limits.ts';
import { newId } from '../platform/id.ts';

/** Attacks on the whole surface that no feature stands for alone; none of them is about the database. */
describe('attacks', () => {
  let db: TestDatabase;
  let on: TestApp;
  let port: number;
  beforeAll(async () => {
    const [database] = anyTestDatabase();
    db = (await database?.open()) as TestDatabase;
    on = await openApp(db.database, RAISED_LIMITS);
    await on.app.listen({ port: 0, host: '127.0.0.1' });
    port = (on.app.server.address() as AddressInfo).port;
    await signUp();
  }, 240_000);
  afterAll(async () => {
    on.app.server.closeAllConnections();
    await on[Symbol.asyncDispose]();
    await db.close();
  });

  type Call = { headers?: Record<string, string>; payload?: object | string };
  const call = (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    { headers = {}, payload }: Call = {},
  ) => on.app.inject({ method, url, headers, ...(payload !== undefined && { payload }) });

  async function signUp() {
    const { email, password } = newAccount();
    await call('POST', '/v1/auth/register', { payload: { email, password } });
    const login = (await call('POST', '/v1/auth/login', { payload: { email, password } })).json();
    return { email, password, token: login.access_token as string, refresh: login.refresh_token as string };
  }
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  test('session fixation: a login takes over nothing that the client brought', async () => {
    const [thief, victim] = [await signUp(), await signUp()];
    const { email, password } = victim;
    const brought = { ...bearer(thief.token), cookie: `refresh_token=${thief.refresh}; session=${thief.token}` };
    const login = await call('POST', '/v1/auth/login', { headers: brought, payload: { email, password } });
    expect(login.statusCode).toBe(200);
    const { access_token, refresh_token } = login.json();
    expect([thief.token, thief.refresh]).not.toEqual(expect.arrayContaining([access_token, refresh_token]));
    // What the thief had before is the thief's still, and nobody else's.
    const me = async (token: string) =>
      (await call('GET', '/v1/auth/me', { headers: bearer(token) })).json().user.email;
    expect([await me(thief.token), await me(access_token)]).toEqual([thief.email, email]);
    const listed = (await call('GET', '/v1/auth/logins', { headers: bearer(access_token) })).json().data;
    // The login of the sign-up, and this one.
    expect(listed).toHaveLength(2);
    // Nor can the client name the login that is to be made.
    const named = { email, password, refresh_token: thief.refresh };
    expect((await call('POST', '/v1/auth/login', { payload: named })).statusCode).toBe(422);
  });

  test('CSRF: no route reads a cookie, and none sets one', async () => {
    const { email, password, token, refresh } = await signUp();
    const cookie = ['authorization=Bearer ', 'access_token=', 'token=', 'session=', 'x-api-key=']
      .map((name) => name + token)
      .concat(`refresh_token=${refresh}`)
      .join('; ');
    const headers = { cookie, origin: 'https://evil.example' };
    const guarded = on.app.routeTable.filter(({ access, method }) => access !== 'public' && method !== 'HEAD');
    expect(guarded.length).toBeGreaterThan(100);
    for (const { method, url } of guarded) {
      const path = url.replace(/:\w+/g, newId()).replace('*', 'x');
      const answer = await call(method as 'GET', path, { headers });
      // Those by WebSocket say so before they ask who calls.
      expect([method, url, [401, 403, 426].includes(answer.statusCode)]).toEqual([method, url, true]);
      expect(answer.headers).not.toHaveProperty('set-cookie');
    }
    const login = await call('POST', '/v1/auth/login', { payload: { email, password } });
    expect(login.headers).not.toHaveProperty('set-cookie');
    expect(
      (
        await call('POST', '/v1/auth/refresh', {
          headers: { ...headers, 'content-type': 'application/json' },
          payload: '{}',
        })
      ).statusCode,
    ).toBe(401);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'CSRF: a form of a foreign page, sent as %s, is read by no route that takes JSON',
    async (type) => {
      const { email, password, token } = await signUp();
      const headers = { 'content-type': type, origin: 'https://evil.example' };
      const payload = JSON.stringify({ email, password });
      const login = await call('POST', '/v1/auth/login', { headers, payload });
      expect(login.statusCode).toBe(415);
      expect(login.headers).not.toHaveProperty('access-control-allow-origin');
      const made = await call('POST', '/v1/sessions', { headers: { ...headers, ...bearer(token) }, payload });
      expect(made.statusCode).toBe(415);
    },
  );

  test('header injection: what people name gets into no header as a line of its own', async () => {
    const { token } = await signUp();
    const evil = 'a\r\nset-cookie: stolen=1\r\n\r\n<script>';
    const made = await call('POST', '/v1/documents', {
      headers: bearer(token),
      payload: { title: evil, content: 'x' },
    });
    expect(made.statusCode).toBe(202);
    const path = `/v1/documents/${made.json().id}/file`;
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: bearer(token) });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="[^"\r\n]+"/);
    for (const id of ['a b', 'a"b', '<x>', 'ä', 'x'.repeat(200)]) {
      const told = await call('GET', '/health/live', { headers: { 'x-request-id': id, traceparent: id } });
      expect(told.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(told.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0\d$/);
    }
  });

  /** Asks with this path exactly: no client mends it on its way. */
  async function rawGet(path: string, token: string) {
    const asked = request({ port, host: '127.0.0.1', path, headers: bearer(token) });
    asked.end();
    const [answer] = await once(asked, 'response');
    return { status: answer.statusCode as number, body: await text(answer) };
  }

  test.each([
    '/assets/../../../package.json',
    '/assets/..%2f..%2f..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/%2e%2e/package.json',
    '/assets/..%5c..%5c..%5cpackage.json',
    '/assets//etc/passwd',
    '//etc/passwd',
    '/docs/../package.json',
    '/docs/..%2f..%2fpackage.json',
    '/v1/documents/..%2f..%2fauth%2fme',
    '/v1/../v1/admin/tenants',
    '/v1//admin//tenants',
    '/V1/ADMIN/TENANTS',
    '/v1/admin/tenants;x=1',
    '/api/v1/admin%2ftenants',
  ])('path injection: %s leads nowhere', async (path) => {
    const { token } = await signUp();
    const { status, body } = await rawGet(path, token);
    expect([400, 403, 404]).toContain(status);
    expect(body).not.toMatch(/"dependencies"|root:|"slug"/);
  });

  test('10 MB of headers are refused at 16 KiB of them, and the server goes on', async () => {
    for (const lines of [
      [`x-big: ${'x'.repeat(10_000_000)}`],
      Array.from({ length: 100_000 }, (_, i) => `x-${i}: ${'y'.repeat(90)}`),
    ]) {
      const socket = connect(port, '127.0.0.1');
      // What is still being sent when the answer comes meets a closed connection.
      socket.on('error', () => undefined);
      let answer = '';
      socket.on('data', (bytes) => {
        answer += bytes.toString();
      });
      socket.write(`GET /health/live HTTP/1.1\r\nhost: x\r\n${lines.join('\r\n')}\r\n\r\n`);
      await new Promise((resolve) => socket.on('close', resolve));
      expect(answer === '' || /^HTTP\/1.1 431 [\s\S]*ERR_REQUEST_008/.test(answer)).toBe(true);
    }
    expect((await call('GET', '/health/live')).statusCode).toBe(200);
  });

  test('enumeration: who is not there gets the answer of who is, word by word', async () => {
    const { email } = await signUp();
    const unknown = newAccount().email;
    const said = async (url: string, payload: object) => {
      const { statusCode, body, headers } = await call('POST', url, { payload });
      const { 'x-request-id': id, 'content-length': length } = headers;
      return { statusCode, length, body: body.replace(String(id), 'ID') };
    };
    for (const [url, more] of [
      ['/v1/auth/login', { password: 'wrong password' }],
      ['/v1/auth/forgot-password', {}],
    ] as const) {
      expect(await said(url, { email: unknown, ...more })).toEqual(await said(url, { email, ...more }));
    }
  });
});
