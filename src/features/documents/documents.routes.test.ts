import fastifyMultipart from '@fastify/multipart';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyTestDatabase, type TestDatabase } from '../../../test/support/databases.ts';
import { startDocuments, type TestDocuments } from '../../../test/support/documents.ts';
import { makeTenant, principalIn } from '../../../test/support/tenants.ts';
import { type App, createHttpServer } from '../../platform/http/server.ts';
import type { Principal } from '../identity/index.ts';
import { documentRoutes } from './documents.routes.ts';

const never = new AbortController().signal;

describe.each(anyTestDatabase())('the addresses of documents on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let documents: TestDocuments;
  let app: App;
  let somebody: Principal;

  beforeAll(async () => {
    db = await open();
    documents = await startDocuments(db.database);
    somebody = principalIn(await makeTenant(db.database));
    app = createHttpServer({
      log: pino({ level: 'silent' }),
      bodyLimit: 1024 * 1024,
      requestTimeout: 15_000,
      trustedProxies: [],
      rewriteUrl: ({ url }) => url ?? '/',
    });
    await app.register(fastifyMultipart);
    app.decorateRequest('principal', null as never);
    app.addHook('onRequest', async (request) => {
      request.principal = somebody;
    });
    documentRoutes(app, documents.documents);
  });
  afterAll(async () => {
    await app.close();
    await documents.stop();
    await db.close();
  });

  async function send(method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object | FormData) {
    const answer = await app.inject({ method, url, ...(payload && { payload }) });
    const isJson = /json/.test(String(answer.headers['content-type']));
    return {
      status: answer.statusCode,
      headers: answer.headers,
      raw: answer.rawPayload,
      body: isJson ? answer.json() : null,
    };
  }
  function form(
    files: Record<string, string | Uint8Array<ArrayBuffer>>,
    fields: Record<string, string> = {},
  ): FormData {
    const data = new FormData();
    for (const [name, value] of Object.entries(fields)) data.append(name, value);
    for (const [name, content] of Object.entries(files)) data.append('file', new Blob([content]), name);
    return data;
  }

  test('takes text, and answers as the contract says', async () => {
    const created = await send('POST', '/v1/documents', {
      title: ' Notes ',
      content: 'The key is under the mat.',
      metadata: { team: 'red' },
    });
    expect(created.status).toBe(202);
    expect(created.headers.location).toBe(`/v1/documents/${created.body.id}`);
    expect(created.body).toMatchObject({
      title: 'Notes',
      status: 'queued',
      progress: 0,
      error: null,
      chunk_count: 0,
      content_type: 'text/plain',
      size_bytes: 25,
      source_id: null,
      metadata: { team: 'red' },
    });
    expect(new Date(created.body.created_at).toISOString()).toBe(created.body.created_at);
    await documents.documents.ingest(somebody.tenant, created.body.id, never);
    const ready = await send('GET', `/v1/documents/${created.body.id}`);
    expect(ready.body).toMatchObject({ status: 'ready', progress: 1, chunk_count: 1 });

    const found = await send('POST', '/v1/search', { query: 'where is the key' });
    expect(found.status).toBe(200);
    expect(found.body.mode_used).toBe('sparse');
    expect(found.body.data[0]).toMatchObject({
      document_id: created.body.id,
      title: 'Notes',
      text: 'The key is under the mat.',
      span: { start: 0, end: 25 },
      metadata: { team: 'red' },
    });
    expect(found.body.data[0].scores.sparse).toBe(found.body.data[0].score);
    const chunk = await send('GET', `/v1/chunks/${found.body.data[0].chunk_id}`);
    expect(chunk.body).toMatchObject({ chunk_id: found.body.data[0].chunk_id, text: 'The key is under the mat.' });
    const content = await send('GET', `/v1/documents/${created.body.id}/content?start=4&end=7`);
    expect(content.body).toEqual({
      document_id: created.body.id,
      title: 'Notes',
      text: 'key',
      start: 4,
      end: 7,
      length: 25,
    });

    expect((await send('DELETE', `/v1/documents/${created.body.id}`)).status).toBe(204);
    expect((await send('GET', `/v1/documents/${created.body.id}`)).status).toBe(404);
    expect((await send('POST', '/v1/search', { query: 'where is the key' })).body.data).toEqual([]);
  });

  test('takes a file, with a title and metadata', async () => {
    const created = await send(
      'POST',
      '/v1/documents',
      form({ 'a.md': '# A\n\nText.' }, { metadata: '{"year":2024}' }),
    );
    expect(created.status).toBe(202);
    expect(created.body).toMatchObject({ filename: 'a.md', title: 'a.md', metadata: { year: 2024 }, status: 'queued' });
    const titled = await send('POST', '/v1/documents', form({ 'b.md': 'Text.' }, { title: 'The title' }));
    expect(titled.body.title).toBe('The title');
  });

  test('answers several files with a list', async () => {
    const created = await send('POST', '/v1/documents', form({ 'a.txt': 'One.', 'b.txt': 'Two.' }));
    expect(created.status).toBe(202);
    expect(created.body.data.map(({ filename }: { filename: string }) => filename)).toEqual(['a.txt', 'b.txt']);
  });

  test('gives the original back, and never as a page', async () => {
    const page = '<script>alert(1)</script>';
    const name = "Über 'uns' (50%).html";
    const created = await send('POST', '/v1/documents', form({ [name]: page }));
    const file = await send('GET', `/v1/documents/${created.body.id}/file`);
    expect(file.status).toBe(200);
    expect(file.raw.toString()).toBe(page);
    expect(file.headers).toMatchObject({
      'content-length': String(page.length),
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    });
    const disposition = String(file.headers['content-disposition']);
    expect(disposition).toMatch(/^attachment; filename="[\x20-\x7e]+"; filename\*=UTF-8''[\w%.*'()~-]+$/);
    expect(decodeURIComponent(disposition.split("UTF-8''")[1] ?? '')).toBe(name);
  });

  test.each([
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\me\\plan.txt', 'plan.txt'],
    ['a\u0000b\u202Ec.txt', 'abc.txt'],
    ['..', 'file'],
    ['x'.repeat(400), 'x'.repeat(255)],
  ])('%j is kept as the name %j', async (given, kept) => {
    const boundary = 'b';
    const payload = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${given.replaceAll('\\', '\\\\')}"\r\n\r\nText.\r\n--${boundary}--\r\n`;
    const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
    const answer = await app.inject({ method: 'POST', url: '/v1/documents', headers, payload });
    expect(answer.statusCode).toBe(202);
    expect(answer.json().filename).toBe(kept);
  });

  test.each<[string, object | FormData, number, string, string | null]>([
    ['no title', { content: 'x' }, 422, 'ERR_REQUEST_002', 'title'],
    ['a blank title', { title: ' ', content: 'x' }, 422, 'ERR_REQUEST_002', 'title'],
    ['no content', { title: 'x', content: '' }, 422, 'ERR_REQUEST_002', 'content'],
    ['a NUL', { title: 'x', content: 'a\u0000b' }, 422, 'ERR_REQUEST_002', 'content'],
    ['an unknown field', { title: 'x', content: 'y', tenant: 'z' }, 422, 'ERR_REQUEST_002', 'tenant'],
    ['an unknown type', { title: 'x', content: 'y', content_type: 'a/b' }, 422, 'ERR_REQUEST_002', 'content_type'],
  ])('refuses %s', async (_what, payload, status, code, field) => {
    const answer = await send('POST', '/v1/documents', payload);
    expect(answer.status).toBe(status);
    expect(answer.body.code).toBe(code);
    expect(answer.body.errors?.[0]?.field ?? null).toBe(field);
  });

  test('refuses uploads that are wrong, and keeps nothing of them', async () => {
    const count = async () => (await send('GET', '/v1/documents?limit=100')).body.data.length;
    const before = await count();
    const cases: [FormData, number, string, string | null][] = [
      [form({}), 422, 'ERR_DOCUMENT_005', null],
      [form({ 'empty.txt': '' }), 422, 'ERR_DOCUMENT_012', null],
      [form({ 'big.txt': 'x'.repeat(5 * 1024 * 1024 + 1) }), 413, 'ERR_DOCUMENT_006', null],
      [form({ 'a.txt': 'One.' }, { metadata: '[1]' }), 422, 'ERR_REQUEST_002', 'metadata'],
      [form({ 'a.txt': 'One.' }, { metadata: '{"a":"\\u0000"}' }), 422, 'ERR_REQUEST_002', 'metadata'],
      [
        form({ 'a.txt': 'One.' }, { metadata: `{"a":${'['.repeat(9_000)}${']'.repeat(9_000)}}` }),
        422,
        'ERR_REQUEST_002',
        'metadata',
      ],
      [form({ 'a.txt': 'One.' }, { metadata: '{' }), 422, 'ERR_REQUEST_002', 'metadata'],
      [form({ 'a.txt': 'One.' }, { tenant: 'other' }), 422, 'ERR_REQUEST_002', 'tenant'],
      [form({ 'a.txt': 'One.', 'b.txt': 'Two.' }, { title: 'Both' }), 422, 'ERR_REQUEST_002', 'title'],
    ];
    for (const [payload, status, code, field] of cases) {
      const answer = await send('POST', '/v1/documents', payload);
      expect([answer.status, answer.body.code, answer.body.errors?.[0]?.field ?? null]).toEqual([status, code, field]);
    }
    expect(await count()).toBe(before);
  });

  test('a file of exactly the largest size is taken', async () => {
    const answer = await send('POST', '/v1/documents', form({ 'fits.txt': 'x'.repeat(5 * 1024 * 1024) }));
    expect(answer.status).toBe(202);
    expect(answer.body.size_bytes).toBe(5 * 1024 * 1024);
  });

  test.each<[object, string]>([
    [{}, 'query'],
    [{ query: '' }, 'query'],
    [{ query: ' \t\n' }, 'query'],
    [{ query: 'x'.repeat(10_001) }, 'query'],
    [{ query: 'a\u0000b' }, 'query'],
    [{ query: 'x', top_k: 0 }, 'top_k'],
    [{ query: 'x', top_k: 101 }, 'top_k'],
    [{ query: 'x', top_k: '5' }, 'top_k'],
    [{ query: 'x', mode: 'magic' }, 'mode'],
    [{ query: 'x', mode: 'dense' }, 'mode'],
    [{ query: 'x', filter: { document_ids: ['no-id'] } }, 'filter.document_ids.0'],
    [{ query: 'x', filter: { tenant: 'other' } }, 'filter.tenant'],
  ])('refuses the search %j and names %s', async (payload, field) => {
    const answer = await send('POST', '/v1/search', payload);
    expect(answer.status).toBe(422);
    expect(answer.body.errors[0].field).toBe(field);
  });

  test('answers a search for which there is nothing with an empty list', async () => {
    for (const query of ['the of and', '💥', 'nowhere'.repeat(1_400)]) {
      const answer = await send('POST', '/v1/search', { query });
      expect([answer.status, answer.body.data]).toEqual([200, []]);
    }
  });

  test('what is not there is said to be so', async () => {
    const absent = '01890000-0000-7000-8000-000000000000';
    for (const url of [`/v1/documents/${absent}`, `/v1/documents/${absent}/content`, `/v1/documents/${absent}/file`]) {
      expect((await send('GET', url)).body.code).toBe('ERR_DOCUMENT_001');
    }
    expect((await send('GET', `/v1/chunks/${absent}`)).body.code).toBe('ERR_DOCUMENT_003');
    expect((await send('DELETE', `/v1/sources/${absent}`)).body.code).toBe('ERR_DOCUMENT_004');
    expect((await send('GET', '/v1/documents/x')).status).toBe(404);
    expect((await send('GET', '/v1/documents?status=deleting')).body.errors[0].field).toBe('status');
  });

  test('text that is not extracted yet is refused with a reason', async () => {
    const { body } = await send('POST', '/v1/documents', { title: 'Soon', content: 'Later.' });
    const answer = await send('GET', `/v1/documents/${body.id}/content`);
    expect([answer.status, answer.body.code]).toEqual([409, 'ERR_DOCUMENT_007']);
    const retry = await send('POST', `/v1/documents/${body.id}/retry`);
    expect([retry.status, retry.body.code]).toEqual([409, 'ERR_DOCUMENT_008']);
  });
});
