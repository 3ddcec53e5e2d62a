import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exchange, openHttpServer, type TestHttpServer } from '../../../test/support/http-server.ts';
import { expectProblem, fetchProblem } from '../../../test/support/problem-answers.ts';
import { nullable, words } from './schema.ts';

const Line = Type.String({ minLength: 1, maxLength: 20, pattern: '\\S' });
const Order = Type.Object(
  {
    name: Line,
    count: Type.Optional(Type.Integer({ minimum: 1, default: 1 })),
    size: Type.Optional(words(['small', 'large'])),
    note: Type.Optional(nullable(Type.String())),
    lines: Type.Optional(
      Type.Union([Line, Type.Array(Type.Object({ text: Line }, { additionalProperties: false }), { maxItems: 3 })]),
    ),
    metadata: Type.Optional(Type.Record(Type.String({ maxLength: 10 }), Type.Unknown())),
  },
  { additionalProperties: false },
);

let server: TestHttpServer;
beforeAll(async () => {
  server = await openHttpServer((app) => {
    app.post('/orders', { schema: { body: Order } }, async ({ body }) => body);
    app.post('/small', { bodyLimit: 1024, schema: { body: Order } }, async ({ body }) => body);
  });
});
afterAll(() => server[Symbol.asyncDispose]());

const send = (path: string, init: RequestInit) => fetchProblem(server.address + path, { method: 'POST', ...init });
const post = (body: unknown, path = '/orders') =>
  send(path, {
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

describe('a body that breaks its schema', () => {
  test.each<[string, unknown, { field: string; message: string }[]]>([
    ['a wrong type', { name: 5 }, [{ field: 'name', message: 'must be string' }]],
    ['a number as text', { name: 'a', count: '5' }, [{ field: 'count', message: 'must be integer' }]],
    ['a missing field', {}, [{ field: 'name', message: 'is required' }]],
    ['an unknown field', { name: 'a', nmae: 'b' }, [{ field: 'nmae', message: 'is not known here; remove it' }]],
    ['another word', { name: 'a', size: 'huge' }, [{ field: 'size', message: 'must be one of "small", "large"' }]],
    ['blanks only', { name: ' \n ' }, [{ field: 'name', message: 'must not be blank' }]],
    ['neither of two types', { name: 'a', note: 5 }, [{ field: 'note', message: 'must be string or null' }]],
    [
      'a fault in one branch',
      { name: 'a', lines: '' },
      [
        { field: 'lines', message: 'must NOT have fewer than 1 characters' },
        { field: 'lines', message: 'must not be blank' },
      ],
    ],
    [
      'a fault deep inside',
      { name: 'a', lines: [{ text: 'b' }, { txet: 'c' }] },
      [
        { field: 'lines.1.text', message: 'is required' },
        { field: 'lines.1.txet', message: 'is not known here; remove it' },
      ],
    ],
    ['a list instead of an object', [], [{ field: 'body', message: 'must be object' }]],
    ['null', 'null', [{ field: 'body', message: 'must be object' }]],
  ])('is told its field and the fix: %s', async (_what, body, errors) => {
    const answer = await post(body);
    expectProblem(answer, { status: 422, code: 'ERR_REQUEST_002' });
    expect(answer.problem.errors).toEqual(errors);
    expect(answer.problem.detail).toBe(`${errors[0]?.field} ${errors[0]?.message}`);
  });

  test('is told all its faults at once', async () => {
    const { problem } = await post({ count: 0, size: 'huge', more: 1 });
    expect(problem.errors?.map(({ field }) => field).sort()).toEqual(['count', 'more', 'name', 'size']);
  });

  test('gets a short answer, and soon, however many faults it has', async () => {
    const wrong = { name: 'a', lines: Array.from({ length: 20_000 }, () => 1) };
    const unknown = Object.fromEntries(Array.from({ length: 4_000 }, (_, index) => [`k${index}`, 1]));
    for (const body of [wrong, unknown]) {
      const { status, problem } = await post(body);
      expect(status).toBe(422);
      expect(problem.errors?.length).toBeLessThanOrEqual(20);
    }
  });

  test('is taken with its defaults when it breaks nothing', async () => {
    expect((await post({ name: 'a' })).problem).toEqual({ name: 'a', count: 1 });
  });
});

describe('a body that is no JSON', () => {
  test.each([
    ['cut off', '{"name":'],
    ['not quoted', '{name: 1}'],
    ['empty', ''],
    ['with a prototype in it', '{"name":"a","__proto__":{"admin":true}}'],
    ['with a constructor in it', '{"name":"a","constructor":{"prototype":{"admin":true}}}'],
  ])('is malformed: %s', async (_what, body) => {
    expectProblem(await post(body), { status: 400, code: 'ERR_REQUEST_001' });
  });

  test.each(['text/plain', 'application/xml', 'application/jsonp', 'nonsense'])(
    'has the wrong type: %s',
    async (type) => {
      const answer = await send('/orders', { headers: { 'content-type': type }, body: '{"name":"a"}' });
      expectProblem(answer, { status: 415, code: 'ERR_REQUEST_005' });
    },
  );

  test('may say its character set', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    expect((await send('/orders', { headers, body: '{"name":"ä"}' })).problem).toMatchObject({
      name: 'ä',
    });
  });
});

describe('text that no database can hold', () => {
  test.each([
    ['NUL', '{"name":"a\\u0000b"}', 'name'],
    ['half a pair', '{"name":"\\ud83d"}', 'name'],
    ['the other half, in capitals', '{"name":"\\uDE00"}', 'name'],
    ['halves in the wrong order', '{"name":"\\ude00\\ud83d"}', 'name'],
    ['NUL deep inside', '{"name":"a","metadata":{"a":[{"b":"\\u0000"}]}}', 'metadata.a.0.b'],
    ['NUL in a name', '{"name":"a","metadata":{"\\u0000":1}}', 'metadata'],
  ])('is refused with its field: %s', async (_what, body, field) => {
    const answer = await post(body);
    expectProblem(answer, { status: 422, code: 'ERR_REQUEST_002' });
    expect(answer.problem.errors).toEqual([{ field, message: expect.stringContaining('NUL character') }]);
  });

  test.each([
    ['a whole pair', '{"name":"\\ud83d\\ude00"}', '😀'],
    ['a backslash before it', '{"name":"\\\\u0000"}', '\\u0000'],
  ])('is not meant: %s', async (_what, body, name) => {
    expect((await post(body)).problem).toMatchObject({ name });
  });
});

describe('a body that is nested', () => {
  const nested = (depth: number) => `{"name":"a","metadata":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`;

  test('a hundred levels are enough for anybody', async () => {
    expect((await post(nested(98))).status).toBe(200);
  });

  test.each([99, 30_000])('more are refused: %i lists', async (depth) => {
    const answer = await post(nested(depth));
    expectProblem(answer, { status: 422, code: 'ERR_REQUEST_002' });
    expect(answer.problem.detail).toBe('body is nested more than 100 levels deep');
  });

  test('many side by side are no depth', async () => {
    expect((await post({ name: 'a', metadata: { a: Array.from({ length: 1_000 }, () => []) } })).status).toBe(200);
  });
});

describe('a body that is too large', () => {
  const large = JSON.stringify({ name: 'a'.repeat(200_000) });

  test('is refused, the limit in the answer', async () => {
    const answer = await post(large);
    expectProblem(answer, { status: 413, code: 'ERR_REQUEST_004' });
    expect(answer.problem.detail).toBe('The body is larger than 64 KiB.');
  });

  test('is refused by its route’s own limit', async () => {
    expect((await post({ name: 'a'.repeat(2_000) }, '/small')).problem.detail).toBe('The body is larger than 1 KiB.');
  });

  test('is refused where its length is not announced', async () => {
    const body = new Blob([large]).stream();
    const headers = { 'content-type': 'application/json' };
    const answer = await send('/orders', { headers, body, duplex: 'half' } as RequestInit);
    expectProblem(answer, { status: 413, code: 'ERR_REQUEST_004' });
  });

  test('is refused by its announcement, before it is sent', async () => {
    const head =
      'POST /orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n{';
    expect(await exchange(server.port, head)).toMatch(/^HTTP\/1.1 413 [\s\S]*ERR_REQUEST_004/);
  });
});
