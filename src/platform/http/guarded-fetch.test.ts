import type { lookup } from 'node:dns';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGuardedFetch, type GuardedFetchOptions } from './guarded-fetch.ts';

let server: Server;
let port: number;
let seen: { url: string; method: string; headers: IncomingMessage['headers']; body: string }[] = [];

const BOMB = gzipSync(Buffer.alloc(5_000_000));
const ROUTES: Record<string, (response: ServerResponse, url: URL) => void> = {
  '/': (response) => response.end('hello'),
  '/to': (response, url) => {
    const { status = '302', target = '/' } = Object.fromEntries(url.searchParams);
    response.writeHead(Number(status), { location: target }).end('moved');
  },
  '/loop': (response) => response.writeHead(302, { location: '/loop' }).end(),
  '/bomb': (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(BOMB),
  '/drip': (response) => {
    const timer = setInterval(() => response.write('.'), 20);
    response.on('close', () => clearInterval(timer));
  },
  '/never': () => undefined,
};

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://here');
    const body = (await request.toArray()).join('');
    seen.push({ url: url.pathname, method: request.method ?? '', headers: request.headers, body });
    ROUTES[url.pathname]?.(response, url);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** A resolver in which names lead where a test says; the n-th answer at the n-th question. */
function names(answers: Record<string, readonly string[]>): NonNullable<GuardedFetchOptions['lookup']> {
  const asked = new Map<string, number>();
  return ((name: string, _options: unknown, callback: (...args: unknown[]) => void) => {
    const list = answers[name] ?? [];
    const turn = asked.get(name) ?? 0;
    asked.set(name, turn + 1);
    const addresses = (list[Math.min(turn, list.length - 1)] ?? '').split(' ').filter(Boolean);
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    callback(null, found);
  }) as unknown as typeof lookup;
}

async function fetching(url: string, options: GuardedFetchOptions = {}, init: RequestInit = {}) {
  seen = [];
  await using guarded = disposable(createGuardedFetch(options));
  const response = await guarded.fetch(url, init);
  return { status: response.status, url: response.url, text: await response.text(), headers: response.headers };
}

function disposable(guarded: ReturnType<typeof createGuardedFetch>) {
  return Object.assign(guarded, { [Symbol.asyncDispose]: () => guarded.close() });
}

const HERE = { allowedHosts: ['127.0.0.1'] };

describe('what is not public', () => {
  test.each([
    ['an address', () => `http://127.0.0.1:${port}/`],
    ['an address in decimal', () => `http://2130706433:${port}/`],
    ['an address in octal', () => `http://0177.0.0.1:${port}/`],
    ['an address in hex', () => `http://0x7f.1:${port}/`],
    ['an address by IPv6', () => `http://[::1]:${port}/`],
    ['an IPv4 address in an IPv6 one', () => `http://[::ffff:127.0.0.1]:${port}/`],
    ['a name', () => `http://localhost:${port}/`],
    ['metadata', () => 'http://169.254.169.254/latest/meta-data/'],
    ['nothing', () => `http://0.0.0.0:${port}/`],
  ])('is not called by %s', async (_name, url) => {
    await expect(fetching(url())).rejects.toThrow('not an address of the public internet');
    expect(seen).toEqual([]);
  });

  test.each(['file:///etc/passwd', 'ftp://example.com/', 'data:text/plain,x', 'gopher://example.com'])(
    'nor %s',
    async (url) => {
      await expect(fetching(url)).rejects.toThrow('http:// or https://');
    },
  );

  test('nor an address that holds a password', async () => {
    await expect(fetching(`http://user:word@127.0.0.1:${port}/`, HERE)).rejects.toThrow('user name or password');
  });

  test('is called where it is allowed by name or address', async () => {
    expect(await fetching(`http://127.0.0.1:${port}/`, HERE)).toMatchObject({ status: 200, text: 'hello' });
    const lookup = names({ intranet: ['127.0.0.1'] });
    expect(await fetching(`http://intranet:${port}/`, { lookup, allowedHosts: ['intranet'] })).toMatchObject({
      text: 'hello',
    });
  });

  test('is not called when one of the addresses of a name is public', async () => {
    const lookup = names({ both: ['1.1.1.1 127.0.0.1'] });
    await expect(fetching(`http://both:${port}/`, { lookup })).rejects.toThrow('both is not an address');
  });
});

describe('a name that changes (DNS rebinding)', () => {
  test('is resolved once for a connection, and the connection goes to what was checked', async () => {
    // Where it was resolved for a check first, the second answer would be what is called.
    const lookup = names({ rebind: ['127.0.0.1', '127.0.0.2'] });
    expect(await fetching(`http://rebind:${port}/`, { ...HERE, lookup })).toMatchObject({ text: 'hello' });
  });

  test('is refused at the next connection once it leads inside', async () => {
    const lookup = names({ rebind: ['127.0.0.1', '10.0.0.1'] });
    const url = `http://rebind:${port}/to?target=${encodeURIComponent(`http://rebind:${port + 1}/`)}`;
    await expect(fetching(url, { ...HERE, lookup })).rejects.toThrow('not an address of the public internet');
  });
});

describe('a redirect', () => {
  test('is followed', async () => {
    const answer = await fetching(`http://127.0.0.1:${port}/to`, HERE);
    expect(answer).toMatchObject({ status: 200, text: 'hello', url: `http://127.0.0.1:${port}/` });
  });

  test.each(['http://10.0.0.1/', 'http://[::1]/', 'http://169.254.169.254/', 'file:///etc/passwd'])(
    'to %s is not',
    async (target) => {
      const url = `http://127.0.0.1:${port}/to?target=${encodeURIComponent(target)}`;
      await expect(fetching(url, HERE)).rejects.toThrow(/not an address of the public|http:\/\/ or/);
    },
  );

  test('to another host takes no credentials along', async () => {
    const lookup = names({ other: ['127.0.0.1'] });
    const url = `http://127.0.0.1:${port}/to?target=${encodeURIComponent(`http://other:${port}/`)}`;
    const headers = { authorization: 'Bearer x', cookie: 'a=b', 'x-api-key': 'k', accept: 'text/plain' };
    await fetching(url, { ...HERE, lookup }, { headers });
    const [first, second] = seen;
    expect(first?.headers).toMatchObject(headers);
    expect(second?.headers).toMatchObject({ accept: 'text/plain' });
    for (const name of ['authorization', 'cookie', 'x-api-key']) expect(second?.headers).not.toHaveProperty(name);
  });

  test.each([
    ['301', 'GET', ''],
    ['303', 'GET', ''],
    ['307', 'POST', 'body'],
    ['308', 'POST', 'body'],
  ])('by %s sends a POST on as %s', async (status, method, body) => {
    await fetching(`http://127.0.0.1:${port}/to?status=${status}`, HERE, { method: 'POST', body: 'body' });
    expect(seen[1]).toMatchObject({ method, body });
  });

  test('that never ends, ends', async () => {
    await expect(fetching(`http://127.0.0.1:${port}/loop`, HERE)).rejects.toThrow('redirects more than 5 times');
    expect(seen).toHaveLength(6);
  });

  test('is the answer where none is wanted', async () => {
    expect(await fetching(`http://127.0.0.1:${port}/to`, { ...HERE, maxRedirects: 0 })).toMatchObject({ status: 302 });
  });
});

describe('an answer', () => {
  test('that unpacks to more than allowed is cut', async () => {
    const reading = fetching(`http://127.0.0.1:${port}/bomb`, { ...HERE, maxBytes: 1_000_000 });
    await expect(reading).rejects.toThrow('larger than 1000000 bytes');
  });

  test('is unpacked, and its headers do not speak of the packed one', async () => {
    const { text, headers } = await fetching(`http://127.0.0.1:${port}/bomb`, HERE);
    expect(text).toHaveLength(5_000_000);
    expect(headers.get('content-encoding')).toBeNull();
  });

  test('that does not come ends at the time limit', async () => {
    await expect(fetching(`http://127.0.0.1:${port}/never`, { ...HERE, totalTimeout: 100 })).rejects.toThrow();
  });

  test('that never ends, ends at the time limit', async () => {
    await expect(fetching(`http://127.0.0.1:${port}/drip`, { ...HERE, totalTimeout: 200 })).rejects.toThrow();
  });

  test('ends when the caller goes', async () => {
    const signal = AbortSignal.timeout(100);
    await expect(fetching(`http://127.0.0.1:${port}/drip`, HERE, { signal })).rejects.toThrow();
  });
});
