import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApp, type TestApp } from '../../test/support/app.ts';
import { anyTestDatabase, type TestDatabase, testDatabases } from '../../test/support/databases.ts';
import { movableClock, newAccount } from '../../test/support/identity.ts';
import { RAISED_LIMITS } from '../../test/support/raised-limits.ts';
import { startRedis } from '../../test/support/redis.ts';

/** `inject` answers thousands of requests without letting the event loop come to its timers, which counts as overload. */
const UNSHED = { OVERLOAD_DELAY_MS: RAISED_LIMITS.OVERLOAD_DELAY_MS };

function openLimited(...[database, settings, overrides]: Parameters<typeof openApp>): Promise<TestApp> {
  return openApp(database, { ...UNSHED, ...settings }, overrides);
}

type Call = { address?: string; headers?: Record<string, string>; body?: object };

async function call({ app }: TestApp, method: 'GET' | 'POST' | 'OPTIONS', url: string, options: Call = {}) {
  const { address = '192.0.2.1', headers = {}, body } = options;
  const reply = await app.inject({ method, url, remoteAddress: address, headers, ...(body && { payload: body }) });
  return { status: reply.statusCode, headers: reply.headers, body: reply.body };
}

/** An account of its own with a token, made from an address of its own. */
async function signUp(on: TestApp, address = '203.0.113.9') {
  const account = newAccount();
  const { email, password } = account;
  await call(on, 'POST', '/v1/auth/register', { address, body: account });
  const login = await call(on, 'POST', '/v1/auth/login', { address, body: { email, password } });
  const token: string = JSON.parse(login.body).access_token;
  return { ...account, authorized: { authorization: `Bearer ${token}` } };
}

const statuses = (answers: readonly { status: number }[]) =>
  Object.fromEntries(
    Map.groupBy(answers, ({ status }) => status)
      .entries()
      .map(([status, all]) => [status, all.length]),
  );

const together = <T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => act(index)));

describe.each(anyTestDatabase())('rate limits on the $kind database', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  test('without any setting, an address has 200 requests a minute', async () => {
    await using on = await openLimited(db.database);
    const answers = await together(210, () => call(on, 'GET', '/v1/auth/me'));
    expect(statuses(answers)).toEqual({ 401: 200, 429: 10 });
    expect((await call(on, 'GET', '/v1/auth/me', { address: '192.0.2.2' })).status).toBe(401);
  });

  test('a refusal is a problem document that says when to come back, with all the headers of other answers', async () => {
    const origin = 'https://app.example';
    await using on = await openLimited(db.database, { RATE_LIMIT_API_PER_MINUTE: '1', ALLOWED_ORIGINS: origin });
    const first = await call(on, 'GET', '/v1/auth/me', { headers: { origin } });
    expect(first.headers).toMatchObject({ 'ratelimit-policy': '"api";q=1;w=60', ratelimit: '"api";r=0;t=60' });
    expect(first.headers).not.toHaveProperty('retry-after');
    const refused = await call(on, 'GET', '/v1/auth/me', { headers: { origin } });
    expect(refused.headers).toMatchObject({
      'content-type': expect.stringContaining('application/problem+json'),
      'retry-after': '60',
      ratelimit: '"api";r=0;t=60',
      'access-control-allow-origin': origin,
      'access-control-expose-headers': expect.stringContaining('RateLimit'),
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.any(String),
    });
    expect(JSON.parse(refused.body)).toMatchObject({
      status: 429,
      code: 'ERR_LIMIT_001',
      detail: 'More than 1 requests in 60 seconds from this address. Try again in 60 seconds.',
      'violated-policies': ['api'],
    });
  });

  test('probes and metrics are never refused, and addresses that do not exist are', async () => {
    await using on = await openLimited(db.database, { RATE_LIMIT_API_PER_MINUTE: '1' });
    expect((await call(on, 'GET', '/v1/nothing')).status).toBe(404);
    expect((await call(on, 'GET', '/v1/nothing')).status).toBe(429);
    for (const url of ['/health', '/health/live', '/ready', '/health/ready', '/metrics']) {
      expect(
        (await together(3, () => call(on, 'GET', url))).map(({ status }) => status),
        url,
      ).toEqual([200, 200, 200]);
    }
  });

  test('a forwarding header counts only when a trusted proxy sent it', async () => {
    const forwarded = (count: number) => ({
      headers: { 'x-forwarded-for': `198.51.100.${count}`, 'x-real-ip': `${count}` },
    });
    await using bare = await openLimited(db.database, { RATE_LIMIT_API_PER_MINUTE: '5' });
    const spoofed = await together(20, (index) => call(bare, 'GET', '/v1/auth/me', forwarded(index)));
    expect(statuses(spoofed)).toEqual({ 401: 5, 429: 15 });

    await using proxied = await openLimited(db.database, {
      RATE_LIMIT_API_PER_MINUTE: '5',
      TRUSTED_PROXIES: '10.0.0.0/8',
    });
    const through = (index: number) =>
      call(proxied, 'GET', '/v1/auth/me', { address: '10.1.2.3', ...forwarded(index) });
    expect(statuses(await together(20, through))).toEqual({ 401: 20 });
    const past = (index: number) => call(proxied, 'GET', '/v1/auth/me', { ...forwarded(index) });
    expect(statuses(await together(20, past))).toEqual({ 401: 5, 429: 15 });
    const nonsense = (index: number) =>
      call(proxied, 'GET', '/v1/auth/me', { address: '10.9.9.9', headers: { 'x-forwarded-for': `nobody-${index}` } });
    expect(statuses(await together(20, nonsense))).toEqual({ 401: 5, 429: 15 });
    // The client's own part of the header stands left of what the proxy added.
    const prefixed = (index: number) =>
      call(proxied, 'GET', '/v1/auth/me', {
        address: '10.1.2.3',
        headers: { 'x-forwarded-for': `198.51.100.${100 + index}, 192.0.2.200` },
      });
    expect(statuses(await together(20, prefixed))).toEqual({ 401: 5, 429: 15 });
  });

  test('all addresses of an IPv6 network count together', async () => {
    await using on = await openLimited(db.database, { RATE_LIMIT_API_PER_MINUTE: '5' });
    const answers = await together(20, (index) =>
      call(on, 'GET', '/v1/auth/me', { address: `2001:db8:1:2::${index + 1}` }),
    );
    expect(statuses(answers)).toEqual({ 401: 5, 429: 15 });
    expect((await call(on, 'GET', '/v1/auth/me', { address: '2001:db8:1:3::1' })).status).toBe(401);
  });

  test('a tenant has its own limit, wherever its requests come from, and its neighbour is not touched', async () => {
    await using on = await openLimited(db.database, { RATE_LIMIT_TENANT_PER_MINUTE: '6' });
    const [own, neighbour] = [await signUp(on, '203.0.113.1'), await signUp(on, '203.0.113.2')];
    const ask = (headers: Record<string, string>) => (index: number) =>
      call(on, 'GET', '/v1/sessions', { address: `192.0.2.${index + 1}`, headers });
    const answers = await together(10, ask(own.authorized));
    expect(statuses(answers)).toEqual({ 200: 6, 429: 4 });
    expect(answers[0]?.headers['ratelimit-policy']).toBe('"api";q=200;w=60, "tenant";q=6;w=60');
    expect((await ask(neighbour.authorized)(0)).status).toBe(200);
  });

  test('a user has 30 runs a minute', async () => {
    await using on = await openLimited(db.database);
    const { authorized: headers } = await signUp(on);
    const [session, absent] = ['/v1/sessions', '/v1/sessions/01990000-0000-7000-8000-000000000000/runs'];
    const answers = await together(33, () => call(on, 'POST', absent, { headers, body: { input: 'Why?' } }));
    expect(statuses(answers)).toEqual({ 404: 30, 429: 3 });
    expect((await call(on, 'POST', session, { headers, body: {} })).status).toBe(201);
  });

  test('of 10,000 logins at once, five of an account are tried and five of an address', async () => {
    const raised = { RATE_LIMIT_API_PER_MINUTE: RAISED_LIMITS.RATE_LIMIT_API_PER_MINUTE };
    await using on = await openLimited(db.database, raised);
    const { email } = newAccount();
    const body = { email, password: 'wrong password' };
    const onAccount = await together(5_000, (index) =>
      call(on, 'POST', '/v1/auth/login', { address: `10.${index >> 8}.${index & 255}.1`, body }),
    );
    expect(statuses(onAccount)).toEqual({ 401: 5, 429: 4_995 });
    const fromAddress = await together(5_000, (index) =>
      call(on, 'POST', '/v1/auth/login', { body: { email: `user${index}@example.com`, password: 'wrong password' } }),
    );
    expect(statuses(fromAddress)).toEqual({ 401: 5, 429: 4_995 });
  });

  test('three registrations a minute from an address', async () => {
    await using on = await openLimited(db.database);
    const answers = await together(5, () => call(on, 'POST', '/v1/auth/register', { body: newAccount() }));
    expect(statuses(answers)).toEqual({ 201: 3, 429: 2 });
  });

  test('ten failures lock an account for 15 minutes, in every process, whatever the password is', async () => {
    const clock = movableClock();
    await using on = await openLimited(db.database, RAISED_FOR_LOCKS, { clock });
    const { email, username, password } = await signUp(on);
    const login = (app: TestApp, name: object, word: string, address = '192.0.2.77') =>
      call(app, 'POST', '/v1/auth/login', { address, body: { ...name, password: word } });
    const failures = await together(10, (index) =>
      login(on, index % 2 ? { email } : { username }, 'wrong password', `198.51.100.${index}`),
    );
    expect(statuses(failures)).toEqual({ 401: 10 });
    const locked = await login(on, { email }, password);
    expect(locked.status).toBe(429);
    expect(locked.headers['retry-after']).toBe('900');
    expect(JSON.parse(locked.body).code).toBe('ERR_AUTH_008');
    await using restarted = await openLimited(db.database, RAISED_FOR_LOCKS, { clock });
    expect((await login(restarted, { username }, password)).status).toBe(429);
    clock.advance(15 * 60_000 - 1);
    expect((await login(restarted, { email }, password)).headers['retry-after']).toBe('1');
    clock.advance(1);
    expect((await login(restarted, { email }, password)).status).toBe(200);
  });

  test('an account that does not exist is locked in the same way', async () => {
    await using on = await openLimited(db.database, RAISED_FOR_LOCKS);
    const body = { email: newAccount().email, password: 'wrong password' };
    await together(10, (index) => call(on, 'POST', '/v1/auth/login', { address: `198.51.101.${index}`, body }));
    expect((await call(on, 'POST', '/v1/auth/login', { address: '198.51.101.99', body })).status).toBe(429);
  });

  test('a success forgets the failures of the account, not those of the address', async () => {
    await using on = await openLimited(db.database, { ...RAISED_FOR_LOCKS, LOGIN_FAILURES_BEFORE_LOCK: '4' });
    const { email, password } = await signUp(on, '203.0.113.50');
    const login = (word: string, address: string) =>
      call(on, 'POST', '/v1/auth/login', { address, body: { email, password: word } });
    for (let round = 0; round < 2; round += 1) {
      for (let count = 0; count < 3; count += 1) await login('wrong password', `198.51.102.${round * 3 + count}`);
      expect((await login(password, '192.0.2.80')).status).toBe(200);
    }
    const guesser = '192.0.2.81';
    for (let count = 0; count < 4; count += 1) {
      expect((await login('wrong password', guesser)).status).toBe(401);
      await login(password, '192.0.2.82');
    }
    expect((await login(password, guesser)).status).toBe(429);
    expect((await login(password, '192.0.2.83')).status).toBe(200);
  });
});

const RAISED_FOR_LOCKS = {
  RATE_LIMIT_API_PER_MINUTE: RAISED_LIMITS.RATE_LIMIT_API_PER_MINUTE,
  RATE_LIMIT_LOGIN_PER_MINUTE: RAISED_LIMITS.RATE_LIMIT_LOGIN_PER_MINUTE,
};

describe('with Redis', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await (testDatabases()[0] as ReturnType<typeof testDatabases>[number]).open();
  });
  afterAll(() => db.close());

  test('two servers share their counts, and a new one goes on with them', async () => {
    await using redis = await startRedis();
    const settings = { REDIS_URL: redis.url, RATE_LIMIT_API_PER_MINUTE: '50' };
    await using one = await openLimited(db.database, settings);
    await using other = await openLimited(db.database, settings);
    const answers = await together(120, (index) => call(index % 2 ? one : other, 'GET', '/v1/auth/me'));
    expect(statuses(answers)).toEqual({ 401: 50, 429: 70 });
    await using restarted = await openLimited(db.database, settings);
    expect((await call(restarted, 'GET', '/v1/auth/me')).status).toBe(429);
  });

  test('Redis killed under load: no error, no open gate; health says so, and the server stays ready', async () => {
    await using redis = await startRedis();
    await using on = await openLimited(db.database, { REDIS_URL: redis.url, RATE_LIMIT_API_PER_MINUTE: '100' });
    expect(JSON.parse((await call(on, 'GET', '/health')).body)).toMatchObject({ status: 'healthy', redis: 'ok' });
    const answers: { status: number }[] = [];
    const ask = async () => {
      while (answers.length < 3_000) answers.push(await call(on, 'GET', '/v1/auth/me'));
    };
    const asking = together(20, ask);
    await expect.poll(() => answers.length).toBeGreaterThan(50);
    await redis.kill();
    await asking;
    const counted = statuses(answers);
    expect(Object.keys(counted)).toEqual(['401', '429']);
    // At most what Redis had counted and what this process counts anew.
    expect(counted[401]).toBeLessThanOrEqual(200);
    await expect.poll(async () => (await call(on, 'GET', '/health')).status, { timeout: 60_000 }).toBe(503);
    expect(JSON.parse((await call(on, 'GET', '/health')).body)).toMatchObject({ redis: 'failed', database: 'ok' });
    const ready = await call(on, 'GET', '/ready');
    expect(ready.status).toBe(200);
    expect(JSON.parse(ready.body)).toMatchObject({ checks: { redis: 'failed', database: 'ok' } });
  });
});
