import { afterAll, beforeAll, expect, test } from 'vitest';
import { scriptedModel } from '../../src/ai/fakes.ts';
import type { ModelRegistry } from '../../src/ai/model-registry.ts';
import { openApp, type TestApp } from '../support/app.ts';
import { type TestDatabase, testDatabases } from '../support/databases.ts';
import { movableClock, newAccount } from '../support/identity.ts';
import { RAISED_LIMITS } from '../support/raised-limits.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';

type Reply = { status: number; headers: Record<string, unknown>; body: never };
type Host = { tenant: { id: string; slug: string }; slug: string; token: string; login(): Promise<string> };

const model = scriptedModel(['Welcome!'], { id: 'fake/welcome' });
const models: ModelRegistry = { resolve: () => model, list: () => [], embedder: null };
const { VISITOR_MESSAGES: _, ...LIMITS } = RAISED_LIMITS;
const clock = movableClock();

let db: TestDatabase;
let on: TestApp;

beforeAll(async () => {
  db = await (testDatabases().at(-1) as ReturnType<typeof testDatabases>[number]).open();
  on = await openApp(db.database, LIMITS, { models, clock });
}, 240_000);
afterAll(async () => {
  await on[Symbol.asyncDispose]();
  await db.close();
});

let addresses = 0;
function newAddress(): string {
  addresses += 1;
  return `198.51.${Math.floor(addresses / 250)}.${addresses % 250}`;
}

async function send(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  url: string,
  { token, body, address = newAddress(), headers = {} }: Sent = {},
): Promise<Reply> {
  const reply = await on.app.inject({
    method,
    url,
    remoteAddress: address,
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers },
    ...(body && { payload: body }),
  });
  const isJson = String(reply.headers['content-type']).includes('json');
  return { status: reply.statusCode, headers: reply.headers, body: (isJson ? reply.json() : reply.body) as never };
}
type Sent = { token?: string; body?: object; address?: string; headers?: Record<string, string> };

/** A tenant that takes visitors, unless its settings say otherwise. */
async function host(settings: object = { 'visitors.allowed': true }): Promise<Host> {
  const account = newAccount();
  const made = await send('POST', '/v1/auth/register', { body: account });
  const { tenant } = made.body as { tenant: Host['tenant'] };
  const login = async () => {
    const body = { email: account.email, password: account.password };
    return ((await send('POST', '/v1/auth/login', { body })).body as { access_token: string }).access_token;
  };
  const token = await login();
  if (Object.keys(settings).length > 0) await set(token, settings);
  return { tenant, slug: tenant.slug, token, login };
}

async function set(token: string, settings: object): Promise<void> {
  const changed = await send('PATCH', '/v1/tenants/current/settings', { token, body: settings });
  expect([changed.status, changed.body]).toEqual([200, expect.anything()]);
}

async function visit(tenant: string, token?: string) {
  const came = await send('POST', '/v1/visitors', { body: { tenant, ...(token && { token }) } });
  expect(came.status).toBe(201);
  return came.body as { access_token: string; visitor_id: string; expires_in: number };
}

async function begin(token: string): Promise<string> {
  const session = await send('POST', '/v1/sessions', { token });
  expect(session.status).toBe(201);
  return (session.body as { id: string }).id;
}

const ask = (token: string, session: string, { address, ...more }: { address?: string } & object = {}) =>
  send('POST', `/v1/sessions/${session}/runs`, {
    token,
    ...(address && { address }),
    body: { input: 'Hello?', ...more },
    headers: { accept: 'text/event-stream' },
  });

test('no tenant takes visitors unless it says so, and who asks does not learn which tenants there are', async () => {
  const { slug } = await host({});
  const refused = await Promise.all(
    [slug, 'no-such-tenant', 'No Slug!'].map((tenant) => send('POST', '/v1/visitors', { body: { tenant } })),
  );
  const seen = refused.map(({ status, body }) => JSON.stringify([status, { ...(body as object), request_id: '' }]));
  expect(seen[0]).toMatch(/^\[404,.*"ERR_AUTH_020"/);
  expect(new Set(seen).size).toBe(1);
});

test('a visitor chats in sessions of its own, and gets nowhere else', async () => {
  const acme = await host();
  const { access_token: token } = await visit(acme.slug);
  const session = await begin(token);
  const answer = await ask(token, session);
  expect([answer.status, answer.body]).toEqual([200, expect.stringContaining('Welcome!')]);
  const runId = String(answer.headers['x-run-id']);
  expect((await send('GET', `/v1/runs/${runId}/events?after=1`, { token })).body).toContain('run-end');
  const said = await send('GET', `/v1/sessions/${session}/messages`, { token });
  expect(said.body).toMatchObject({ data: [{ content: 'Hello?' }, { content: 'Welcome!' }] });

  const places = [`/v1/sessions/${session}`, `/v1/sessions/${session}/messages`, `/v1/runs/${runId}`];
  const others: [string, number][] = [
    [(await visit(acme.slug)).access_token, 403],
    [acme.token, 403],
    [(await visit((await host()).slug)).access_token, 404],
  ];
  for (const [other, status] of others) {
    for (const place of places) expect((await send('GET', place, { token: other })).status).toBe(status);
    expect((await ask(other, session)).status).toBe(status);
  }
  const members = await begin(acme.token);
  expect((await ask(token, members)).status).toBe(403);
  for (const url of ['/v1/sessions', '/v1/documents', '/v1/auth/me', '/v1/messages', '/v1/api-keys', '/v1/users'])
    expect([url, (await send('GET', url, { token })).status]).toEqual([url, 403]);
  expect((await send('DELETE', `/v1/sessions/${session}`, { token })).status).toBe(204);
});

test.each([
  ['model', { model: 'fake/dear' }],
  ['instructions', { instructions: 'Swear.' }],
  ['tools', { tools: [] }],
  ['memory', { memory: { mode: 'on' } }],
])('%s is not for a visitor to choose', async (field, more) => {
  const { access_token: token } = await visit((await host()).slug);
  const refused = await ask(token, await begin(token), more);
  expect([refused.status, refused.body]).toMatchObject([422, { code: 'ERR_CHAT_012', errors: [{ field }] }]);
});

test('five messages in six hours, of a visitor and of an address; a tenant may say otherwise', async () => {
  const acme = await host();
  const address = newAddress();
  const { access_token: token } = await visit(acme.slug);
  const session = await begin(token);
  const statuses: number[] = [];
  for (let count = 0; count < 6; count += 1) statuses.push((await ask(token, session, { address })).status);
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  const refused = await ask(token, session);
  expect([refused.status, refused.body]).toMatchObject([429, { 'violated-policies': ['visitor-run'] }]);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(6 * 3_600 - 120);

  // Somebody new, from the same address; then from another one, and from the same in another tenant.
  const { access_token: other } = await visit(acme.slug);
  const theirs = await begin(other);
  expect((await ask(other, theirs, { address })).status).toBe(429);
  expect((await ask(other, theirs)).status).toBe(200);
  const elsewhere = await host({ 'visitors.allowed': true, 'visitors.messages': 1 });
  const { access_token: third } = await visit(elsewhere.slug);
  const away = await begin(third);
  expect((await ask(third, away, { address })).status).toBe(200);
  expect((await ask(third, away)).status).toBe(429);
  // Those who have an account are not counted so.
  const own = await begin(acme.token);
  expect((await ask(acme.token, own, { address })).status).toBe(200);
});

test('an old token makes a new one of the same visitor in its tenant, and a new visitor in another', async () => {
  const acme = await host();
  const first = await visit(acme.slug);
  const session = await begin(first.access_token);
  clock.advance((first.expires_in + 1) * 1_000);
  expect((await send('GET', `/v1/sessions/${session}`, { token: first.access_token })).status).toBe(401);
  const again = await visit(acme.slug, first.access_token);
  expect(again.visitor_id).toBe(first.visitor_id);
  expect((await send('GET', `/v1/sessions/${session}`, { token: again.access_token })).status).toBe(200);
  expect((await visit((await host()).slug, first.access_token)).visitor_id).not.toBe(first.visitor_id);
  expect((await visit(acme.slug, acme.token)).visitor_id).not.toBe(first.visitor_id);
  expect((await send('GET', '/metrics')).body).toMatch(/parley_visitors_total\{outcome="again"\} [1-9]/);
});

test('who is let in no more is refused at once', async () => {
  const acme = await host();
  const { access_token: token } = await visit(acme.slug);
  const session = await begin(token);
  await set(acme.token, { 'visitors.allowed': false });
  expect((await ask(token, session)).status).toBe(403);
});

test('what visitors said is deleted when the tenant’s days are over, and nothing else', async () => {
  const acme = await host({ 'visitors.allowed': true, 'visitors.keep_days': 2 });
  const first = await visit(acme.slug);
  const session = await begin(first.access_token);
  await ask(first.access_token, session);
  const members = await begin(acme.token);
  const job = on.services.chat.jobs.find(({ name }) => name === 'chat.delete-expired-sessions');
  const deleteExpired = () =>
    job?.handle({ tenant: acme.tenant } as never, { signal: new AbortController().signal } as never);
  await deleteExpired();
  expect((await send('GET', `/v1/sessions/${session}`, { token: first.access_token })).status).toBe(200);
  clock.advance(2 * 24 * 3_600_000 + 1_000);
  await deleteExpired();
  const { access_token: token } = await visit(acme.slug, first.access_token);
  expect((await send('GET', `/v1/sessions/${session}`, { token })).status).toBe(404);
  expect((await send('GET', `/v1/sessions/${members}`, { token: await acme.login() })).status).toBe(200);
});

test('over a WebSocket just the same', async () => {
  const acme = await host();
  const { access_token: token } = await visit(acme.slug);
  // One of its own, which has heard nothing from this machine's address yet.
  await using own = await openApp(db.database, LIMITS, { models, clock });
  const address = await own.app.listen({ port: 0, host: '127.0.0.1' });
  const client = await WebSocketClient.open(address, { headers: { authorization: `Bearer ${token}` } });
  client.send({ message: 'Hello?', model: 'fake/dear' });
  expect(await client.next('error')).toMatchObject({ code: 'ERR_CHAT_012' });
  for (let count = 0; count < 4; count += 1) {
    client.send({ message: 'Hello?' });
    expect(await client.next('complete')).toMatchObject({ response: 'Welcome!' });
  }
  client.send({ message: 'Hello?' });
  expect(await client.next('error')).toMatchObject({ error_code: 'rate_limit_exceeded', code: 'ERR_LIMIT_001' });
  client.socket.close();
});
