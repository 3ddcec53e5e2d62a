import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApp, type TestApp } from '../../../test/support/app.ts';
import { anyTestDatabase, type TestDatabase, testDatabases } from '../../../test/support/databases.ts';
import { newAccount } from '../../../test/support/identity.ts';
import { RAISED_LIMITS } from '../../../test/support/raised-limits.ts';
import { newId } from '../../platform/id.ts';

type Headers = Record<string, string>;
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What only HTTP has: status codes, keys, limits, old addresses. Whose it is, the leak matrix tries on every route. */
describe.each(anyTestDatabase())('memory over HTTP on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let on: TestApp;
  /** The person who asks. */
  let headers: Headers = {};

  beforeAll(async () => {
    db = await open();
    on = await openApp(db.database, { ...RAISED_LIMITS, RATE_LIMIT_MESSAGES_PER_MINUTE: '100' });
  });
  afterAll(async () => {
    await on[Symbol.asyncDispose]();
    await db.close();
  });

  async function person(): Promise<Headers> {
    const account = newAccount();
    await call('POST', '/v1/auth/register', account);
    const { email, password } = account;
    const { body } = await call('POST', '/v1/auth/login', { email, password });
    return { authorization: `Bearer ${body.access_token}` };
  }
  async function call(method: Method, url: string, payload?: object, more: Headers = {}) {
    const reply = await on.app.inject({ method, url, headers: { ...headers, ...more }, ...(payload && { payload }) });
    return {
      status: reply.statusCode,
      headers: reply.headers,
      body: reply.body.startsWith('{') ? JSON.parse(reply.body) : reply.body,
    };
  }
  const message = (content: string, more: object = {}) => ({ role: 'user', content, ...more });

  test('a write is 201 and tells where; the same one again is 200, by its content or by its key', async () => {
    headers = await person();
    const said = message('The ferry leaves at nine.', { conversation_id: newId() });
    const first = await call('POST', '/v1/messages', said);
    expect([first.status, first.headers.location]).toEqual([201, `/v1/messages/${first.body.id}`]);
    const again = await call('POST', '/v1/messages', said);
    expect([again.status, again.body.id]).toEqual([200, first.body.id]);
    const key = { 'idempotency-key': newId() };
    const loose = message('Said without a time.', { created_at: '2026-01-01T00:00:00Z' });
    const [one, two] = [await call('POST', '/v1/messages', loose, key), await call('POST', '/v1/messages', loose, key)];
    expect(two.body).toEqual(one.body);
    expect((await call('POST', '/v1/messages', message('Something else.'), key)).status).toBe(422);
  });

  test('a batch is 201 when all of it was taken, 207 with a reason for each that was not', async () => {
    headers = await person();
    const good = await call('POST', '/v1/messages/batch', { messages: [message('one of two'), message('two of two')] });
    expect([good.status, good.body.results.length]).toEqual([201, 2]);
    const mixed = await call('POST', '/v1/messages/batch', { messages: [message('fine'), { role: 'nobody' }] });
    expect([mixed.status, mixed.body.results.map(({ status }: { status: number }) => status)]).toEqual([
      207,
      [201, 422],
    ]);
    expect(mixed.body.errors).toMatchObject([{ message_index: 1, code: 'ERR_REQUEST_002' }]);
    const ids = mixed.body.created.map(({ id }: { id: string }) => id);
    const gone = await call('POST', '/v1/messages/batch/delete', { message_ids: [...ids, newId()] });
    expect([gone.status, gone.body.deleted]).toEqual([207, ids]);
  });

  test('bad input names the field', async () => {
    headers = await person();
    for (const [body, field] of [
      [{ role: 'user' }, 'content'],
      [message('  '), 'content'],
      [message('x'.repeat(100_001)), 'content'],
      [message('x', { importance_override: 2 }), 'importance_override'],
      [message('x', { created_at: 'yesterday' }), 'created_at'],
      ...['2016-12-31T23:59:60Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59-12:00', '2026-01-01T10:00:00+05'].map(
        (created_at) => [message('x', { created_at }), 'created_at'] as const,
      ),
      [message('x', { unknown: 1 }), 'unknown'],
    ] as const) {
      const refused = await call('POST', '/v1/messages', body);
      expect([refused.status, refused.body.errors?.[0]?.field], field).toEqual([422, field]);
    }
    const taken = await call(
      'POST',
      '/v1/messages',
      message('Said at the dawn.', { created_at: '0001-01-01T00:00:00Z' }),
    );
    expect([taken.status, taken.body.created_at]).toEqual([201, '0001-01-01T00:00:00.000Z']);
    const cursor = Buffer.from(JSON.stringify(['x', 'y'])).toString('base64url');
    for (const path of [
      '/v1/messages',
      '/v1/memory/conversations',
      '/v1/retention/runs',
      '/v1/sessions',
      '/v1/documents',
    ])
      expect((await call('GET', `${path}?cursor=${cursor}`)).status, path).toBe(422);
    const session_id = `urn:uuid:${taken.body.id}`;
    expect((await call('POST', '/v1/memory/search', { query: 'dawn', session_id })).status).toBe(422);
  });

  test('search is found by GET and POST, and under the older addresses', async () => {
    headers = await person();
    await call('POST', '/v1/messages', message('A heron stands in the reeds.'));
    const asked = '/memory/search?query=heron&top_k=3&explain=true';
    for (const answer of [
      await call('GET', `/v1${asked}`),
      await call('GET', `/api/v1${asked}`),
      await call('POST', '/v1/memory/search', { query: 'heron', top_k: 3, explain: true }),
    ]) {
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ total: 1, mode_used: 'words', items: [{ role: 'user' }] });
      expect(answer.body.items[0].explanation.weights).toEqual({ similarity: 0.6, importance: 0.3, decay: 0.1 });
    }
    const dry = await call('POST', '/v1/admin/retention/run', { actions: ['archive'], dry_run: true });
    expect([dry.status, dry.body.dry_run]).toEqual([200, true]);
  });

  test('a tenant’s own weights rank, and the explanation tells them', async () => {
    headers = await person();
    await call(
      'POST',
      '/v1/messages',
      message('owl', { importance_override: 0.25, created_at: '2020-01-01T00:00:00Z' }),
    );
    const weights = { similarity: 0, importance: 1, decay: 0 };
    await call('PATCH', '/v1/tenants/current/settings', { 'memory.weights': weights });
    const { body } = await call('POST', '/v1/memory/search', { query: 'owl', explain: true });
    expect(body.items).toMatchObject([{ score: 0.25, explanation: { weights } }]);
  });

  test('100 messages a minute are remembered, a batch counting for each of its own', async () => {
    headers = await person();
    const batch = (count: number) => ({
      messages: Array.from({ length: count }, (_, place) => message(`note ${place} of ${newId()}`)),
    });
    expect((await call('POST', '/v1/messages/batch', batch(99))).status).toBe(201);
    expect((await call('POST', '/v1/messages', message('the hundredth'))).status).toBe(201);
    const refused = await call('POST', '/v1/messages', message('one too many'));
    expect([refused.status, refused.body.code]).toEqual([429, 'ERR_LIMIT_001']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await call('GET', '/v1/messages')).status).toBe(200);
  });

  test('the junk meter counts what the gate let in marked, and metrics what it kept out', async () => {
    headers = await person();
    await call('POST', '/v1/messages', message('Hi there!'));
    await call('POST', '/v1/messages', message('The attic has a trunk.'));
    const { body } = await call('GET', '/v1/memory/stats');
    expect(body).toMatchObject({ memories: 2, noise: 1, noise_share: 0.5, noise_by_reason: { greeting: 1 } });
    const metrics = await on.app.inject({ method: 'GET', url: '/metrics' });
    expect(metrics.body).toMatch(/parley_memories_remembered_total\{role="user",noise="greeting"\} [1-9]/);
    expect(metrics.body).toContain('parley_memories_refused_total');
  });
});

test.each(testDatabases())(
  'retention and recall have the indexes that they need, on the $kind database',
  async ({ open }) => {
    const db = await open();
    try {
      await using on = await openApp(db.database, RAISED_LIMITS);
      const made = await on.app.inject({ method: 'POST', url: '/v1/auth/register', payload: newAccount() });
      const schema = `tenant_${made.json<{ tenant: { slug: string } }>().tenant.slug}`;
      const { rows } = await db.database.execute(
        `SELECT indexdef FROM pg_indexes WHERE schemaname = '${schema}' AND tablename = 'memory'`,
      );
      const definitions = rows.map(({ indexdef }) => String(indexdef)).join('\n');
      // S0-15 to S0-17: messages(created_at), messages(archived), messages(tenant_id, archived); a tenant is a schema here.
      for (const columns of ['(created_at)', '(archived)', '(archived, created_at, number)']) {
        expect(definitions).toContain(columns);
      }
    } finally {
      await db.close();
    }
  },
);
