import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApp, type TestApp } from '../../test/support/app.ts';
import { anyTestDatabase, type TestDatabase } from '../../test/support/databases.ts';
import { newAccount } from '../../test/support/identity.ts';
import { RAISED_LIMITS } from '../../test/support/raised-limits.ts';
import { newId } from '../platform/id.ts';

describe.each(anyTestDatabase())('Idempotency-Key on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let on: TestApp;
  let token: string;
  beforeAll(async () => {
    db = await open();
    on = await openApp(db.database, RAISED_LIMITS);
    token = await signUp();
  });
  afterAll(async () => {
    await on[Symbol.asyncDispose]();
    await db.close();
  });

  async function signUp(): Promise<string> {
    const { email, password } = newAccount();
    await on.app.inject({ method: 'POST', url: '/v1/auth/register', payload: { email, password } });
    const login = await on.app.inject({ method: 'POST', url: '/v1/auth/login', payload: { email, password } });
    return login.json().access_token;
  }

  async function post(url: string, payload: object, key: string, more: { token?: string; accept?: string } = {}) {
    const headers = {
      authorization: `Bearer ${more.token ?? token}`,
      'idempotency-key': key,
      ...(more.accept && { accept: more.accept }),
    };
    const reply = await on.app.inject({ method: 'POST', url, headers, payload });
    return { status: reply.statusCode, headers: reply.headers, body: reply.body };
  }

  async function idsOf(url: string): Promise<string[]> {
    const reply = await on.app.inject({ method: 'GET', url, headers: { authorization: `Bearer ${token}` } });
    return reply.json().data.map(({ id }: { id: string }) => id);
  }

  test.each([
    ['sessions', '/v1/sessions', { title: 'Once' }, 201],
    ['documents', '/v1/documents', { title: 'Once', content: 'Only once.' }, 202],
    ['API keys', '/v1/api-keys', { name: 'once' }, 201],
  ])(
    '%s are made once, and every repeat gets the first answer, after a restart too',
    async (_what, url, body, status) => {
      const key = newId();
      const before = await idsOf(url);
      const first = await post(url, body, key);
      expect(first.status).toBe(status);
      expect(first.headers).not.toHaveProperty('idempotency-replayed');
      const repeats = await Promise.all(Array.from({ length: 5 }, () => post(url, body, key)));
      await on[Symbol.asyncDispose]();
      on = await openApp(db.database, RAISED_LIMITS);
      repeats.push(await post(url, body, key));
      for (const repeat of repeats) {
        expect(repeat).toMatchObject({ status, body: first.body, headers: { 'idempotency-replayed': 'true' } });
        for (const name of ['location', 'cache-control', 'content-type'])
          expect(repeat.headers[name]).toBe(first.headers[name]);
      }
      expect((await idsOf(url)).length).toBe(before.length + 1);
    },
  );

  test('20 at once make one session', async () => {
    const key = newId();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post('/v1/sessions', { title: 'At once' }, key)),
    );
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    expect(new Set(answers.map(({ body }) => JSON.parse(body).id)).size).toBe(1);
  });

  test('another body, or another address, with the same key is refused', async () => {
    const key = newId();
    await post('/v1/sessions', { title: 'One' }, key);
    for (const [url, body] of [
      ['/v1/sessions', { title: 'Two' }],
      ['/v1/api-keys', { name: 'Two' }],
    ] as const) {
      const refused = await post(url, body, key);
      expect(refused.status).toBe(422);
      expect(JSON.parse(refused.body).code).toBe('ERR_IDEMPOTENCY_001');
    }
  });

  test.each(['', 'two words', 'x'.repeat(256), 'ä'])('the key "%.20s" is refused', async (key) => {
    const refused = await post('/v1/sessions', {}, key);
    expect(refused.status).toBe(422);
    expect(JSON.parse(refused.body).errors[0].field).toBe('Idempotency-Key');
  });

  test("another user's equal key is another key", async () => {
    const key = newId();
    const own = await post('/v1/sessions', { title: 'Mine' }, key);
    const others = await post('/v1/sessions', { title: 'Theirs' }, key, { token: await signUp() });
    expect(others.status).toBe(201);
    expect(JSON.parse(others.body).id).not.toBe(JSON.parse(own.body).id);
  });

  test('a request that was refused may be repeated with its key', async () => {
    const [key, absent] = [newId(), `/v1/sessions/${newId()}/runs`];
    expect((await post(absent, { input: 'Why?' }, key)).status).toBe(404);
    const session = JSON.parse((await post('/v1/sessions', {}, newId())).body).id;
    expect((await post(`/v1/sessions/${session}/runs`, { input: 'Why?' }, key)).status).toBe(202);
  });

  describe('uploads', () => {
    type Said = { name?: string; text?: string; type?: string; fields?: Record<string, string> };
    /** A form as a client writes it: with a boundary of its own each time. */
    function formOf({ name = 'a.txt', text = 'Once.', type = 'text/plain', fields = {} }: Said): FormData {
      const form = new FormData();
      for (const [field, value] of Object.entries(fields)) form.append(field, value);
      form.append('file', new Blob([text], { type }), name);
      return form;
    }

    async function announce(name: string): Promise<string> {
      const params = { name, size: 5, mime_type: 'text/plain' };
      const key = newId();
      const made = await post('/v1/chatkit', { type: 'attachments.create', params }, key);
      expect((await post('/v1/chatkit', { type: 'attachments.create', params }, key)).body).toBe(made.body);
      return JSON.parse(made.body).id;
    }

    // ChatKit's routes answer in its form, which knows 400 only.
    test.each<[string, () => Promise<string>, number, number]>([
      ['documents', async () => '/v1/documents', 202, 422],
      ['attachments', async () => '/v1/chatkit/attachments', 200, 400],
      [
        'the bytes of an attachment',
        async () => `/v1/chatkit/attachments/${await announce('a.txt')}/content`,
        200,
        400,
      ],
    ])(
      'of %s are done once, at the same time and later; another file is refused',
      async (_what, address, status, refusal) => {
        const [url, key] = [await address(), newId()];
        const ids = async () => (url === '/v1/documents' ? await idsOf(url) : []);
        const before = await ids();
        const answers = await Promise.all(Array.from({ length: 5 }, () => post(url, formOf({}), key)));
        answers.push(await post(url, formOf({}), key));
        for (const answer of answers) expect(answer).toMatchObject({ status, body: answers[0]?.body });
        expect(answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true')).toHaveLength(5);
        const others: Said[] = [
          { text: 'Twice' },
          { name: 'b.txt' },
          { type: 'text/markdown' },
          { fields: { metadata: '{}' } },
          { text: '' },
        ];
        for (const other of others) {
          const refused = await post(url, formOf(other), key);
          expect([refused.status, JSON.parse(refused.body).code]).toEqual([refusal, 'ERR_IDEMPOTENCY_001']);
        }
        expect((await ids()).length - before.length).toBe(url === '/v1/documents' ? 1 : 0);
      },
    );

    test('that were refused may be sent again, mended or not', async () => {
      const key = newId();
      for (const [said, status] of [
        [{ fields: { metadata: '[' } }, 422],
        [{ fields: { metadata: '{}' } }, 202],
        [{ fields: { metadata: '[' } }, 422],
      ] as const) {
        expect((await post('/v1/documents', formOf(said), key)).status).toBe(status);
      }
    });

    test('several files of a request are made once, each', async () => {
      const key = newId();
      const form = () => {
        const both = formOf({ name: 'one.txt' });
        both.append('file', new Blob(['Two.']), 'two.txt');
        return both;
      };
      const before = await idsOf('/v1/documents');
      const [first, second] = [await post('/v1/documents', form(), key), await post('/v1/documents', form(), key)];
      expect(JSON.parse(first.body).data).toHaveLength(2);
      expect(second.body).toBe(first.body);
      expect((await idsOf('/v1/documents')).length).toBe(before.length + 2);
    });
  });

  test('a question that is repeated leads to the same run: as JSON, and as its stream from the beginning', async () => {
    const key = newId();
    const { id } = JSON.parse((await post('/v1/sessions', {}, newId())).body);
    const ask = (accept: string) => post(`/v1/sessions/${id}/runs`, { input: 'What is asked?' }, key, { accept });
    const streams = await Promise.all([ask('text/event-stream'), ask('text/event-stream')]);
    const later = await ask('text/event-stream');
    expect(streams[0]?.body).toContain('event: run-end');
    expect(streams[1]?.body).toBe(streams[0]?.body);
    expect(later.body).toBe(streams[0]?.body);
    const asJson = await ask('application/json');
    expect(asJson.status).toBe(202);
    expect(JSON.parse(asJson.body).id).toBe(later.headers['x-run-id']);
    const messages = await idsOf(`/v1/sessions/${id}/messages`);
    expect(messages).toHaveLength(2);
  });
});
