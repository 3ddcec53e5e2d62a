import { expect, test } from 'vitest';
import { openHttpServer } from '../../test/support/http-server.ts';
import { crossOrigin } from './cross-origin.ts';

const ORIGIN = 'https://app.example.com';

async function serve(strictTransport = false) {
  const server = await openHttpServer((app) => {
    crossOrigin(app, [ORIGIN], { strictTransport });
    app.get('/', async () => 'here');
    app.get('/fault', async () => Promise.reject(new Error('a fault')));
  });
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(server.address + path, { method, headers });
  return { ask, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test.each(['/', '/fault', '/nothing'])(
  '%s carries the security headers, and the origin’s where it is allowed',
  async (path) => {
    await using server = await serve();
    const { headers } = await server.ask(path, { origin: ORIGIN });
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    });
    for (const origin of ['https://evil.example', 'null', `${ORIGIN}.evil.example`, 'http://app.example.com']) {
      const foreign = await server.ask(path, { origin });
      expect(foreign.headers.get('access-control-allow-origin'), origin).toBeNull();
      expect(foreign.headers.get('vary')).toBe('Origin');
    }
  },
);

test('a preflight of an allowed origin is answered, a foreign one gets no leave', async () => {
  await using server = await serve();
  const asks = { 'access-control-request-method': 'DELETE' };
  const own = await server.ask('/', { origin: ORIGIN, ...asks }, 'OPTIONS');
  expect(own.status).toBe(204);
  expect(own.headers.get('access-control-allow-methods')).toContain('DELETE');
  expect(own.headers.get('access-control-allow-headers')).toContain('Idempotency-Key');
  const foreign = await server.ask('/', { origin: 'https://evil.example', ...asks }, 'OPTIONS');
  expect(foreign.headers.get('access-control-allow-methods')).toBeNull();
});

test('browsers are told to come with TLS only where it is asked for', async () => {
  await using strict = await serve(true);
  expect((await strict.ask('/fault')).headers.get('strict-transport-security')).toBe(
    'max-age=31536000; includeSubDomains',
  );
  await using plain = await serve(false);
  expect((await plain.ask('/')).headers.get('strict-transport-security')).toBeNull();
});
