import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyTestDatabase, type TestDatabase } from '../../test/support/databases.ts';
import { newAccount } from '../../test/support/identity.ts';
import { type ServedApp, startApp } from '../../test/support/served-app.ts';
import { type FakeUpstream, fakeUpstream, sendEvents, sendJson } from '../ai/http/fake-upstream.ts';
import { listAudit } from '../features/tenancy/index.ts';

const INSTALLATION_KEY = 'sk-of-the-installation';
const OWN_KEY = 'sk-of-one-tenant-alone-4242';
/** Of accounts for which the provider is away, and which it does not let in. */
const BROKEN_KEY = 'sk-of-an-account-that-is-broken';
const REFUSED_KEY = 'sk-of-an-account-that-was-closed';
const PRICES = [
  { model: 'openai/hello', input: 1, output: 1, context_window: 10_000, max_output: 1_000 },
  { model: 'openai/vectors', input: 1, context_window: 10_000 },
];
const HELLO = [
  { choices: [{ index: 0, delta: { content: 'Hello' }, finish_reason: 'stop' }] },
  { choices: [], usage: { prompt_tokens: 1_000, completion_tokens: 100 } },
  '[DONE]',
];

type Person = { tenantId: string; token: string };

/** Keys and their accounts are one table and one ledger, which run on both databases in their own tests. */
describe('a tenant’s own key of a provider', () => {
  let db: TestDatabase;
  let served: ServedApp;
  let upstream: FakeUpstream;
  let folder: string;

  beforeAll(async () => {
    const [database] = anyTestDatabase();
    db = (await database?.open()) as TestDatabase;
    upstream = await fakeUpstream((response, { path, headers }) => {
      if (headers.authorization === `Bearer ${BROKEN_KEY}`) return sendJson(response, 503, {});
      if (headers.authorization === `Bearer ${REFUSED_KEY}`) return sendJson(response, 401, {});
      if (path.endsWith('/embeddings')) {
        return sendJson(response, 200, { data: [{ index: 0, embedding: [1, 0] }], usage: { prompt_tokens: 100 } });
      }
      sendEvents(response, ...HELLO);
    });
    folder = await mkdtemp(join(tmpdir(), 'parley-prices-'));
    await writeFile(join(folder, 'prices.json'), JSON.stringify(PRICES));
    const settings = {
      OPENAI_BASE_URL: upstream.origin,
      OPENAI_API_KEY: INSTALLATION_KEY,
      DEFAULT_MODEL: 'openai/hello',
      EMBEDDING_MODEL: 'openai/vectors',
      PRICES_FILE: join(folder, 'prices.json'),
      // Some two answers: each reserves 0.0042 at most, and costs 0.0011.
      TENANT_BUDGET_USD_PER_DAY: '0.006',
      MAX_OUTPUT_TOKENS: '100',
    };
    served = await startApp(db, { settings });
  }, 240_000);
  afterAll(async () => {
    await served.stop();
    await upstream[Symbol.asyncDispose]();
    await db.close();
    await rm(folder, { recursive: true });
  });

  async function send(person: Person | null, method: string, path: string, body?: object) {
    const headers = {
      ...(person && { authorization: `Bearer ${person.token}` }),
      ...(body && { 'content-type': 'application/json' }),
    };
    const response = await fetch(served.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, text, body: text.startsWith('{') ? JSON.parse(text) : null };
  }

  async function signUp(): Promise<Person> {
    const account = newAccount();
    await send(null, 'POST', '/v1/auth/register', account);
    const { body } = await send(null, 'POST', '/v1/auth/login', { email: account.email, password: account.password });
    return { tenantId: body.tenant.id, token: body.access_token };
  }

  const KEYS = '/v1/tenants/current/provider-keys';
  const setKey = (person: Person, key = OWN_KEY) => send(person, 'PUT', `${KEYS}/openai`, { key });
  const lastKey = () => upstream.requests.at(-1)?.headers.authorization;
  const ask = (person: Person) => {
    const messages = [{ role: 'user', content: 'Hi' }];
    return send(person, 'POST', '/v1/chat/completions', { model: 'openai/hello', messages });
  };

  test('is used for its answers and vectors from then on, and for nobody else’s', async () => {
    const [own, neighbour] = [await signUp(), await signUp()];
    expect((await ask(own)).status).toBe(200);
    expect(lastKey()).toBe(`Bearer ${INSTALLATION_KEY}`);

    expect((await setKey(own)).status).toBe(200);
    expect((await ask(own)).body.choices[0].message.content).toBe('Hello');
    expect(lastKey()).toBe(`Bearer ${OWN_KEY}`);
    await send(own, 'POST', '/v1/embeddings', { model: 'openai/vectors', input: 'some text' });
    expect([upstream.requests.at(-1)?.path, lastKey()]).toEqual(['/embeddings', `Bearer ${OWN_KEY}`]);

    await ask(neighbour);
    expect(lastKey()).toBe(`Bearer ${INSTALLATION_KEY}`);
    await send(neighbour, 'POST', '/v1/embeddings', { model: 'openai/vectors', input: 'some text' });
    expect(lastKey()).toBe(`Bearer ${INSTALLATION_KEY}`);
  });

  test('is never shown again, nor to the neighbour that there is one, and is in the audit log without itself', async () => {
    const [own, neighbour] = [await signUp(), await signUp()];
    const set = await setKey(own);
    expect(set.body).toMatchObject({ provider: 'openai', address: upstream.origin, hint: '4242' });
    const listed = await send(own, 'GET', KEYS);
    expect(listed.body.data).toContainEqual(set.body);
    expect(set.text + listed.text).not.toContain(OWN_KEY);
    const others = (await send(neighbour, 'GET', KEYS)).body.data;
    expect(others.every(({ hint, set_at }: Record<string, unknown>) => hint === null && set_at === null)).toBe(true);
    expect((await send(neighbour, 'DELETE', `${KEYS}/openai`)).status).toBe(404);
    const page = { before: null, limit: 50 };
    const acts = await listAudit(db.database, { tenantId: own.tenantId, act: 'provider-key' }, page);
    expect(acts).toMatchObject([{ act: 'provider-key.set', target_id: 'openai' }]);
    expect(JSON.stringify(acts)).not.toContain(OWN_KEY);
  });

  test('can be replaced and removed', async () => {
    const own = await signUp();
    await setKey(own);
    await setKey(own, 'sk-of-one-tenant-but-newer');
    await ask(own);
    expect(lastKey()).toBe('Bearer sk-of-one-tenant-but-newer');
    expect((await send(own, 'DELETE', `${KEYS}/openai`)).status).toBe(204);
    await ask(own);
    expect(lastKey()).toBe(`Bearer ${INSTALLATION_KEY}`);
    expect((await send(own, 'DELETE', `${KEYS}/openai`)).body.code).toBe('ERR_TENANT_008');
  });

  test('opens a provider that the installation does not have', async () => {
    const own = await signUp();
    const named = { input: 'Hi', model: 'anthropic/claude-sonnet-4-5' };
    const { body: session } = await send(own, 'POST', '/v1/sessions', {});
    const before = await send(own, 'POST', `/v1/sessions/${session.id}/runs`, named);
    expect([before.status, before.body.code]).toEqual([422, 'ERR_CHAT_006']);
    await send(own, 'PUT', `${KEYS}/anthropic`, { key: 'sk-ant-of-one-tenant' });
    const after = await send(own, 'POST', `/v1/sessions/${session.id}/runs`, named);
    expect(after.status).toBe(202);
    await send(own, 'POST', `/v1/runs/${after.body.id}/cancel`);
  });

  test('is paid by the tenant: what the installation gives does not bound it, the tenant’s own budget does', async () => {
    const own = await signUp();
    await setKey(own);
    for (let asked = 0; asked < 6; asked += 1) expect((await ask(own)).status).toBe(200);
    await served.services.usage.ledger.drained();
    const usage = (await send(own, 'GET', '/v1/usage')).body.total;
    expect(usage).toMatchObject({ calls: 6, cost_usd: 0.0066, own_keys_cost_usd: 0.0066 });
    const [given] = (await send(own, 'GET', '/v1/budgets')).body.data;
    expect(given).toMatchObject({ set_by: 'installation', spent_usd: 0, reserved_usd: 0 });
    await send(own, 'POST', '/v1/budgets', { scope: 'tenant', period: 'day', limit_usd: 0.0066 });
    expect((await ask(own)).body.error.code).toBe('insufficient_quota');
  });

  test('that fails pauses its own tenant, and no other, with a key or without', async () => {
    const [broken, refused, well, without] = [await signUp(), await signUp(), await signUp(), await signUp()];
    await setKey(broken, BROKEN_KEY);
    await setKey(refused, REFUSED_KEY);
    await setKey(well);
    const reached = (key: string) =>
      upstream.requests.filter(({ headers }) => headers.authorization === `Bearer ${key}`).length;
    // Two answers with two repetitions each: the fifth failure opens the circuit.
    for (let asked = 0; asked < 3; asked += 1) expect((await ask(broken)).status).toBeGreaterThanOrEqual(500);
    expect(reached(BROKEN_KEY)).toBe(5);
    const embedded = await send(broken, 'POST', '/v1/embeddings', { model: 'openai/vectors', input: 'some text' });
    expect(embedded.status).toBeGreaterThanOrEqual(500);
    // A provider that refuses a key is well: nothing is paused.
    for (let asked = 1; asked <= 6; asked += 1) {
      expect((await ask(refused)).status).toBeGreaterThanOrEqual(500);
      expect(reached(REFUSED_KEY)).toBe(asked);
    }
    for (const person of [well, without]) {
      expect((await ask(person)).status).toBe(200);
      const vectors = await send(person, 'POST', '/v1/embeddings', { model: 'openai/vectors', input: 'some text' });
      expect(vectors.status).toBe(200);
    }
    // A new key is a new beginning.
    await setKey(broken);
    expect((await ask(broken)).status).toBe(200);
  }, 120_000);

  test.each([
    ['a provider that is not there', 'acme', { key: OWN_KEY }, 404, 'ERR_TENANT_007'],
    ['a key with a line break', 'openai', { key: 'sk-one\r\nx-other: 1' }, 422, 'ERR_REQUEST_002'],
    ['no key', 'openai', {}, 422, 'ERR_REQUEST_002'],
  ])('%s is refused', async (_what, provider, body, status, code) => {
    const own = await signUp();
    const answer = await send(own, 'PUT', `${KEYS}/${provider}`, body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});
