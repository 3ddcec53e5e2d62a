import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyTestDatabase, type TestDatabase } from '../../test/support/databases.ts';
import { newAccount } from '../../test/support/identity.ts';
import { RAISED_LIMITS } from '../../test/support/raised-limits.ts';
import { type ServedApp, startApp } from '../../test/support/served-app.ts';
import { WebSocketClient } from '../../test/support/web-socket-client.ts';

/** Everything but what a user may do; what an address may do is tried in rate-limits.test.ts. */
const { RATE_LIMIT_API_PER_MINUTE, OVERLOAD_DELAY_MS, ...others } = RAISED_LIMITS as Record<string, string>;
const SETTINGS = {
  ...Object.fromEntries(Object.keys(others).map((name) => [name, ''])),
  RATE_LIMIT_API_PER_MINUTE: RATE_LIMIT_API_PER_MINUTE as string,
  OVERLOAD_DELAY_MS: OVERLOAD_DELAY_MS as string,
  RATE_LIMIT_LOGIN_PER_MINUTE: '1000000',
  RATE_LIMIT_REGISTER_PER_MINUTE: '1000000',
};

type Person = { tenantId: string; token: string };

/** What counts is above the database. */
describe('the table of limits, row by row', () => {
  let db: TestDatabase;
  let served: ServedApp;
  let operator: Person;

  beforeAll(async () => {
    const [source] = anyTestDatabase();
    db = (await source?.open()) as TestDatabase;
    served = await startApp(db, { settings: SETTINGS });
    operator = await signUp();
  }, 240_000);
  afterAll(async () => {
    await served.stop();
    await db.close();
  });

  async function send(person: Person | null, method: string, path: string, body?: object) {
    const headers = {
      ...(person && { authorization: `Bearer ${person.token}` }),
      ...(body && { 'content-type': 'application/json' }),
    };
    const response = await fetch(served.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
  }

  /** The first one is the operator. */
  async function signUp(): Promise<Person> {
    const { email, password } = newAccount();
    await send(null, 'POST', '/v1/auth/register', { email, password });
    const { tenant, access_token } = (await send(null, 'POST', '/v1/auth/login', { email, password })).json();
    return { tenantId: tenant.id, token: access_token };
  }

  const give = (person: Person, settings: object) =>
    send(operator, 'PATCH', `/v1/admin/tenants/${person.tenantId}/settings`, settings);

  const policies = ({ headers }: { headers: Headers }) =>
    Object.fromEntries(
      [...(headers.get('ratelimit-policy') ?? '').matchAll(/"([\w-]+)";q=(\d+);w=60/g)].map(([, name, quota]) => [
        name as string,
        Number(quota),
      ]),
    );

  const newSession = async (person: Person): Promise<string> =>
    (await send(person, 'POST', '/v1/sessions', {})).json().id;
  const said = [{ role: 'user', content: 'Hi' }];
  const input = { content: [{ type: 'input_text', text: 'Hi' }], attachments: [], inference_options: {} };

  /** A question in every dialect; each counts under the same 30 a minute of its user. */
  const questions: Record<string, (person: Person) => ReturnType<typeof send>> = {
    'own API': async (person) => send(person, 'POST', `/v1/sessions/${await newSession(person)}/runs`, { input: 'Hi' }),
    'chat completions': (person) =>
      send(person, 'POST', '/v1/chat/completions', { model: 'extractive', messages: said }),
    responses: (person) => send(person, 'POST', '/v1/responses', { model: 'extractive', input: 'Hi' }),
    'AI SDK': (person) =>
      send(person, 'POST', '/v1/ai-sdk/chat', { messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }] }),
    'ChatKit’s protocol': (person) =>
      send(person, 'POST', '/v1/chatkit', { type: 'threads.create', params: { input } }),
    'ChatKit REST': async (person) => {
      const { id } = (await send(person, 'POST', '/v1/chatkit/sessions', {})).json().data;
      const message = { role: 'user', content: [{ type: 'input_text', text: 'Hi' }] };
      return send(person, 'POST', `/v1/chatkit/sessions/${id}/threads/${id}/runs`, { message });
    },
  };

  test('by default: 120 requests of a tenant, 30 questions of a user, 100 memory messages, 30 of each ChatKit route', async () => {
    const person = await signUp();
    const session = await newSession(person);
    const run = await send(person, 'POST', `/v1/sessions/${session}/runs`, { input: 'Hi' });
    expect(policies(run)).toMatchObject({ tenant: 120, run: 30 });
    const remembered = await send(person, 'POST', '/v1/messages', { role: 'user', content: 'Hi' });
    expect(policies(remembered)).toMatchObject({ tenant: 120, remember: 100 });
    expect(policies(await send(person, 'POST', '/v1/chatkit/sessions', {}))).toMatchObject({ chatkit: 30 });
  });

  test.each(Object.keys(questions))('a question through %s counts with those through all others', async (dialect) => {
    const person = await signUp();
    await give(person, { 'limits.runs_per_minute': 2 });
    const [first] = Object.keys(questions).filter((name) => name !== dialect);
    const ask = (name: string) => (questions[name] as (typeof questions)[string])(person);
    expect((await ask(dialect)).status).toBeLessThan(300);
    expect((await ask(first as string)).status).toBeLessThan(300);
    const refused = await ask(dialect);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('ratelimit')).toContain('"run";r=0');
    expect(policies(refused)).toMatchObject({ run: 2 });
  });

  test('a question over a WebSocket counts with those of HTTP, and has a limit and a length of its own', async () => {
    const person = await signUp();
    await give(person, { 'limits.runs_per_minute': 3, 'limits.websocket_messages_per_minute': 2 });
    const client = await WebSocketClient.open(served.url, { headers: { authorization: `Bearer ${person.token}` } });
    client.send({ message: 'x'.repeat(5_001) });
    expect(await client.next('error')).toMatchObject({
      error_code: 'invalid_message',
      message: expect.stringContaining('5000'),
    });
    for (const message of ['One', 'Two']) {
      client.send({ message });
      await client.next('complete');
    }
    client.send({ message: 'Three' });
    expect(await client.next('error')).toMatchObject({
      error_code: 'rate_limit_exceeded',
      code: 'ERR_LIMIT_001',
      retry_after_seconds: expect.any(Number),
    });
    client.socket.close();
    const ask = questions['chat completions'] as (typeof questions)[string];
    expect([(await ask(person)).status, (await ask(person)).status]).toEqual([200, 429]);
  });

  test('memory messages are counted one by one, also in a batch', async () => {
    const person = await signUp();
    await give(person, { 'limits.memory_messages_per_minute': 5 });
    const message = (number: number) => ({ role: 'user', content: `Message ${number}` });
    const batch = (count: number) =>
      send(person, 'POST', '/v1/messages/batch', {
        messages: Array.from({ length: count }, (_, index) => message(index)),
      });
    expect((await batch(3)).status).toBeLessThan(300);
    const refused = await batch(3);
    expect([refused.status, refused.json().code]).toEqual([429, 'ERR_LIMIT_001']);
    expect(policies(refused)).toMatchObject({ remember: 5 });
  });

  test('each ChatKit REST route is counted by itself', async () => {
    const person = await signUp();
    await give(person, { 'limits.chatkit_requests_per_minute': 2 });
    const make = () => send(person, 'POST', '/v1/chatkit/sessions', {});
    const statuses = [await make(), await make(), await make()].map(({ status }) => status);
    expect(statuses.map((status) => status < 300)).toEqual([true, true, false]);
    expect(statuses[2]).toBe(429);
    expect((await send(person, 'GET', '/v1/chatkit/sessions')).status).not.toBe(429);
  });

  test('a body of a mebibyte and no more', async () => {
    const person = await signUp();
    const make = (length: number) =>
      send(person, 'POST', '/v1/sessions', { title: 'x', metadata: { pad: 'x'.repeat(length) } });
    expect((await make(1024 * 1024)).status).toBe(413);
    expect((await make(1024 * 1024 - 200)).status).not.toBe(413);
  });
});
