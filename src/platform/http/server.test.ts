import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exchange, openHttpServer, type TestHttpServer } from '../../../test/support/http-server.ts';
import { expectProblem, fetchProblem } from '../../../test/support/problem-answers.ts';
import { isId } from '../id.ts';
import type { App } from './server.ts';

function addRoutes(app: App): void {
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
  app.put('/orders/:id', async () => ({}));
  app.get('/files/*', async () => ({}));
  app.get(
    '/since',
    {
      schema: {
        querystring: Type.Object({
          at: Type.Optional(Type.String({ format: 'date-time' })),
          day: Type.Optional(Type.String({ format: 'date' })),
        }),
      },
    },
    async ({ query: { at = '', day = '' } }) => new Date(at + day).toISOString(),
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

const send = (path: string, init?: RequestInit) => fetchProblem(server.address + path, init);

describe('an address', () => {
  test.each(['/nothing', '/order', '/'])('that leads nowhere is told so: %s', async (path) => {
    const answer = await send(path);
    expectProblem(answer, { status: 404, code: 'ERR_REQUEST_003' });
    expect(answer.problem.detail).toBe(`There is nothing at GET ${path}. The reference is at /docs.`);
  });

  test.each([
    ['DELETE', '/orders/17', 'GET, HEAD, PUT'],
    ['PATCH', '/orders/17?more=1', 'GET, HEAD, PUT'],
    ['OPTIONS', '/files/a/b.txt', 'GET, HEAD'],
    ['PROPFIND', '/orders/17', 'GET, HEAD, PUT'],
  ])('that takes other methods than %s tells which: %s', async (method, path, allow) => {
    const answer = await fetch(server.address + path, { method });
    expect(answer.headers.get('allow')).toBe(allow);
    const problem = (await answer.json()) as { detail: string };
    expect(problem).toMatchObject({ status: 405, code: 'ERR_REQUEST_012' });
    expect(problem.detail).toContain(`takes ${allow}, not ${method}.`);
  });

  test.each(['/orders', '/orders/17/lines', '/order', '/throws.x'])(
    'that only begins or ends as another one leads nowhere by any method: %s',
    async (path) => {
      expectProblem(await send(path, { method: 'DELETE' }), { status: 404, code: 'ERR_REQUEST_003' });
    },
  );

  test.each(['/orders/%00', '/orders?x=%00'])('with NUL in it: %s', async (path) => {
    expectProblem(await send(path), { status: 400, code: 'ERR_REQUEST_001' });
  });

  test.each(['/orders/%zz', '/orders/%ff'])('with a broken escape: %s', async (path) => {
    expectProblem(await send(path), { status: 400, code: 'ERR_REQUEST_001' });
  });

  test('with a long part', async () => {
    expectProblem(await send(`/orders/${'a'.repeat(500)}`), { status: 400, code: 'ERR_REQUEST_001' });
  });

  // The second is a UUID in another form, which no database takes.
  test.each(['17', 'urn:uuid:0190a5f0-7c3a-7abc-8def-0123456789ab'])(
    'with %s, which is no id, leads nowhere',
    async (id) => {
      expectProblem(await send(`/orders/${id}`), { status: 404, code: 'ERR_REQUEST_003' });
    },
  );

  test.each<[string, string, string]>([
    ['/orders/0190a5f0-7c3a-7abc-8def-0123456789ab?limit=ten', 'limit', 'must be integer'],
    ['/orders/0190a5f0-7c3a-7abc-8def-0123456789ab?limit=101', 'limit', 'must be <= 100'],
    ['/orders/0190a5f0-7c3a-7abc-8def-0123456789ab?limit=1&limit=2', 'limit', 'must be integer'],
    ['/orders/0190a5f0-7c3a-7abc-8def-0123456789ab?more=1', 'more', 'is not known here; remove it'],
  ])('with a wrong part is told which: %s', async (path, field, message) => {
    const answer = await send(path);
    expectProblem(answer, { status: 422, code: 'ERR_REQUEST_002' });
    expect(answer.problem.errors).toEqual([{ field, message }]);
  });

  test.each([
    ['at', '2016-12-31T23:59:60Z'],
    ['at', '2026-01-01T00:00:00%2B14'],
    ['at', '0000-01-01T00:00:00Z'],
    ['at', '9999-12-31T23:59:59-23:00'],
    ['day', '0000-01-01'],
  ])('with a time that nobody can reckon with is told so: %s=%s', async (field, value) => {
    const answer = await send(`/since?${field}=${value}`);
    expectProblem(answer, { status: 422, code: 'ERR_REQUEST_002' });
    expect(answer.problem.errors).toMatchObject([{ field }]);
  });

  test.each([
    ['at=2026-01-31T23:59:59.123456%2B05:30', '2026-01-31T18:29:59.123Z'],
    ['day=2024-02-29', '2024-02-29T00:00:00.000Z'],
  ])('with a time has it read: %s', async (query, moment) => {
    const answer = await fetch(`${server.address}/since?${query}`);
    expect(await answer.text()).toBe(moment);
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
