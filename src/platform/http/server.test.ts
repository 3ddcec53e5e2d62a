import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exchange, openHttpServer, type TestHttpServer } from '../../../test/support/http-server.ts';
import { isId } from '../id.ts';
import type { Problem } from './problem.ts';
import { nullable, words } from './schema.ts';
import type { App } from './server.ts';

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

function addRoutes(app: App): void {
  app.post('/orders', { schema: { body: Order } }, async ({ body }) => body);
  app.post('/small', { bodyLimit: 1024, schema: { body: Order } }, async ({ body }) => body);
  app.get(
    '/orders/:id',
    {
      schema: {
        params: Type.Object({ id: Type.String({ format: 'uuid' }) }),
        querystring: Type.Object(
          { limit: Type.Optional(Type.Integer({ maximum: 100 })), all: Type.Optional(Type.Boolean()) },
          { additionalProperties: false },
        ),
      },
    },
    async ({ query }) => query,
  );
  app.get('/throws/:what', async ({ params }) => {
    const { what } = params as { what: string };
    if (what === 'secret') throw new Error('SELECT * FROM platform.user WHERE password = hunter2');
    if (what === 'abort') throw new DOMException('The operation was aborted', 'AbortError');
    if (what === 'database')
      throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' });
    throw null;
  });
}

let server: TestHttpServer;
beforeAll(async () => {
  server = await openHttpServer(addRoutes);
});
afterAll(() => server[Symbol.asyncDispose]());

type Answer = { status: number; problem: Problem; headers: Headers };

async function send(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(server.address + path, init);
  return { status: response.status, headers: response.headers, problem: (await response.json()) as Problem };
}

const post = (body: unknown, path = '/orders') =>
  send(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

function expectProblem({ status, problem, headers }: Answer, expected: { status: number; code: string }): void {
  expect([status, problem.code]).toEqual([expected.status, expected.code]);
  expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(problem).toEqual({
    type: `/docs/errors#${expected.code}`,
    title: expect.any(String),
    status: expected.status,
    detail: expect.any(String),
    code: expected.code,
    request_id: headers.get('x-request-id'),
    ...(problem.errors && { errors: expect.any(Array) }),
  });
}

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
      const answer = await send('/orders', { method: 'POST', headers: { 'content-type': type }, body: '{"name":"a"}' });
      expectProblem(answer, { status: 415, code: 'ERR_REQUEST_005' });
    },
  );

  test('may say its character set', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    expect((await send('/orders', { method: 'POST', headers, body: '{"name":"ä"}' })).problem).toMatchObject({
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
    const answer = await send('/orders', { method: 'POST', headers, body, duplex: 'half' } as RequestInit);
    expectProblem(answer, { status: 413, code: 'ERR_REQUEST_004' });
  });

  test('is refused by its announcement, before it is sent', async () => {
    const head =
      'POST /orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n{';
    expect(await exchange(server.port, head)).toMatch(/^HTTP\/1.1 413 [\s\S]*ERR_REQUEST_004/);
  });
});

describe('an address', () => {
  test.each(['/nothing', '/order', '/'])('that leads nowhere is told so: %s', async (path) => {
    const answer = await send(path);
    expectProblem(answer, { status: 404, code: 'ERR_REQUEST_003' });
    expect(answer.problem.detail).toBe(`There is nothing at GET ${path}. The reference is at /docs.`);
  });

  test('that takes other methods only', async () => {
    expectProblem(await send('/orders', { method: 'DELETE' }), { status: 404, code: 'ERR_REQUEST_003' });
  });

  test.each(['/orders/%00', '/orders?x=%00'])('with NUL in it: %s', async (path) => {
    expectProblem(await send(path), { status: 400, code: 'ERR_REQUEST_001' });
  });

  test.each(['/orders/%zz', '/orders/%ff'])('with a broken escape: %s', async (path) => {
    expectProblem(await send(path), { status: 400, code: 'ERR_REQUEST_001' });
  });

  test('with a long part', async () => {
    expectProblem(await send(`/orders/${'a'.repeat(500)}`), { status: 400, code: 'ERR_REQUEST_001' });
  });

  test.each<[string, string, string]>([
    ['/orders/17', 'id', 'must match format "uuid"'],
    ['/orders/0190a5f0-7c3a-7abc-8def-0123456789ab?limit=ten', 'limit', 'must be integer'],
    ['/orders/0190a5f0-7c3a-7abc-8def-0123456789ab?limit=101', 'limit', 'must be <= 100'],
    ['/orders/0190a5f0-7c3a-7abc-8def-0123456789ab?limit=1&limit=2', 'limit', 'must be integer'],
    ['/orders/0190a5f0-7c3a-7abc-8def-0123456789ab?more=1', 'more', 'is not known here; remove it'],
  ])('with a wrong part is told which: %s', async (path, field, message) => {
    const answer = await send(path);
    expectProblem(answer, { status: 422, code: 'ERR_REQUEST_002' });
    expect(answer.problem.errors).toEqual([{ field, message }]);
  });

  test('has its numbers and truths read out of text', async () => {
    const { problem } = await send('/orders/0190a5f0-7c3a-7abc-8def-0123456789ab?limit=7&all=true');
    expect(problem).toEqual({ limit: 7, all: true });
  });
});

describe('what goes wrong inside', () => {
  test.each(['secret', 'abort', 'null'])('stays inside: %s', async (what) => {
    const answer = await send(`/throws/${what}`);
    expectProblem(answer, { status: 500, code: 'ERR_SERVER_001' });
    expect(JSON.stringify(answer.problem)).not.toMatch(/SELECT|hunter2|aborted|\.ts/);
  });

  test('is in the log, under the id that the client has', async () => {
    const { problem } = await send('/throws/secret');
    const lines = server.log.all.filter(({ request_id }) => request_id === problem.request_id);
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'error', err: expect.objectContaining({ stack: expect.any(String) }) }),
    );
  });

  test('is told as an unavailable database where it is one, with when to come back', async () => {
    const answer = await send('/throws/database');
    expectProblem(answer, { status: 503, code: 'ERR_SERVER_003' });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.problem.detail).not.toContain('10.0.0.7');
  });
});

describe('the request id', () => {
  test('is the client’s, on answers and on problems', async () => {
    const headers = { 'x-request-id': 'abc-123_x.y:z' };
    for (const path of ['/orders/0190a5f0-7c3a-7abc-8def-0123456789ab', '/nothing', '/orders/%zz', '/orders/%00']) {
      expect((await send(path, { headers })).headers.get('x-request-id'), path).toBe('abc-123_x.y:z');
    }
  });

  test.each(['', 'has space', 'quote"', 'a'.repeat(129), '<script>'])(
    'is ours where the client’s is unusable: %s',
    async (id) => {
      const { headers } = await send('/nothing', { headers: { 'x-request-id': id } });
      expect(isId(headers.get('x-request-id') ?? '')).toBe(true);
    },
  );
});

describe('the trace', () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const traceOf = async (traceparent?: string) => {
    const { headers } = await send('/nothing', traceparent === undefined ? {} : { headers: { traceparent } });
    return headers.get('traceparent') ?? '';
  };

  test('goes on from the caller’s, with a span of our own', async () => {
    const ours = await traceOf(`00-${trace}-00f067aa0ba902b7-01`);
    expect(ours).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    expect(ours).not.toContain('00f067aa0ba902b7');
  });

  test('keeps the caller’s choice not to sample', async () => {
    expect(await traceOf(`00-${trace}-00f067aa0ba902b7-00`)).toMatch(/-00$/);
  });

  test.each([
    undefined,
    'nonsense',
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-00f067aa0ba902b7-01`,
    `ff-${trace}-00f067aa0ba902b7-01`,
  ])('begins here without a valid one: %s', async (traceparent) => {
    const ours = await traceOf(traceparent);
    expect(ours).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(ours).not.toContain(trace);
  });

  test('is in the log with the answer', async () => {
    const ours = await traceOf(`00-${trace}-00f067aa0ba902b7-01`);
    await expect.poll(() => server.log.saying('answered').map(({ trace_id }) => trace_id)).toContain(ours.slice(3, 35));
  });
});

describe('what is no request', () => {
  test('is answered with a problem and an end', async () => {
    const answer = await exchange(server.port, 'HELLO\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'ERR_REQUEST_001', status: 400 });
  });

  test('has too large headers', async () => {
    const answer = await exchange(server.port, `GET / HTTP/1.1\r\nhost: x\r\nx-a: ${'a'.repeat(20_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 431 [\s\S]*ERR_REQUEST_008/);
  });

  test('sends its headers so slowly that it is cut after five seconds', async () => {
    const begun = performance.now();
    expect(await exchange(server.port, 'GET / HTTP/1.1\r\nhost: x\r\n')).toMatch(
      /^HTTP\/1.1 408 [\s\S]*ERR_REQUEST_007/,
    );
    expect(performance.now() - begun).toBeLessThan(8_000);
  });
});

describe('an answer that takes too long', () => {
  test('is ended as a problem, and its work is told', async () => {
    const stopped = Promise.withResolvers<unknown>();
    await using slow = await openHttpServer(
      (app) => {
        app.get('/slow', async ({ signal }) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          stopped.resolve(signal.reason);
          return 'too late';
        });
      },
      { requestTimeout: 100 },
    );
    const response = await fetch(`${slow.address}/slow`);
    expect([response.status, await response.json()]).toEqual([
      504,
      expect.objectContaining({ code: 'ERR_REQUEST_006' }),
    ]);
    expect(await stopped.promise).toMatchObject({ name: 'ApiError' });
    expect((await fetch(`${slow.address}/nothing`)).status).toBe(404);
  });

  test('may take its route’s own time', async () => {
    await using slow = await openHttpServer(
      (app) => {
        app.get('/slow', { config: { timeout: 10_000 } }, async ({ signal }) => {
          await new Promise((resolve) => setTimeout(resolve, 300));
          return { aborted: signal.aborted };
        });
      },
      { requestTimeout: 100 },
    );
    expect(await (await fetch(`${slow.address}/slow`)).json()).toEqual({ aborted: false });
  });

  test('is of no use when its client went away, and its work is told', async () => {
    const begun = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    await using slow = await openHttpServer((app) => {
      app.post('/slow', async ({ signal }) => {
        begun.resolve();
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        stopped.resolve();
        return 'nobody reads this';
      });
    });
    const client = new AbortController();
    const request = fetch(`${slow.address}/slow`, {
      method: 'POST',
      signal: client.signal,
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    await begun.promise;
    client.abort();
    await expect(request).rejects.toThrow();
    await stopped.promise;
  });
});

test('a forwarded address is believed from trusted proxies only', async () => {
  const addRoute = (app: App) => app.get('/ip', async ({ ip }) => ({ ip }));
  const ipThrough = async (trustedProxies: readonly string[]) => {
    await using proxied = await openHttpServer(addRoute, { trustedProxies });
    const response = await fetch(`${proxied.address}/ip`, { headers: { 'x-forwarded-for': '203.0.113.9' } });
    return ((await response.json()) as { ip: string }).ip;
  };
  expect(await ipThrough([])).toBe('127.0.0.1');
  expect(await ipThrough(['10.0.0.0/8'])).toBe('127.0.0.1');
  expect(await ipThrough(['127.0.0.1'])).toBe('203.0.113.9');
});
