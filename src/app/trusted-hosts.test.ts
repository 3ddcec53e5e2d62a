import { describe, expect, test } from 'vitest';
import { exchange, openHttpServer } from '../../test/support/http-server.ts';
import type { HttpOptions } from '../platform/http/server.ts';
import { type HostRules, trustHosts } from './trusted-hosts.ts';

async function serve(rules: Partial<HostRules>, options: Partial<HttpOptions> = {}) {
  const addRoutes: Parameters<typeof openHttpServer>[0] = (app) => {
    trustHosts(app, { trustedHosts: [], httpsRedirect: false, ...rules });
    for (const url of ['/', '/health', '/v1/things']) app.get(url, async () => 'here');
    app.post('/v1/things', async () => 'made');
  };
  const server = await openHttpServer(addRoutes, options);
  const ask = async (host: string, line = 'GET / HTTP/1.1', headers = '') => {
    const answer = await exchange(server.port, `${line}\r\nhost: ${host}\r\nconnection: close\r\n${headers}\r\n`);
    return { status: Number(answer.slice(9, 12)), location: /^location: (.*)\r$/m.exec(answer)?.[1], answer };
  };
  return { ask, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

describe('trusted hosts', () => {
  test.each([
    ['api.example.com', 200],
    ['API.Example.com:8443', 200],
    ['eu.apps.example.com', 200],
    ['[::1]:8000', 200],
    ['apps.example.com', 421],
    ['evilapps.example.com', 421],
    ['api.example.com.evil.test', 421],
    ['api.example.com@evil.test', 421],
    ['127.0.0.1', 421],
    ['', 421],
  ])('%s gets %d', async (host, status) => {
    await using server = await serve({ trustedHosts: ['api.example.com', '*.apps.example.com', '[::1]'] });
    const { status: got, answer } = await server.ask(host);
    expect(got).toBe(status);
    if (status === 421) expect(answer).toContain('ERR_REQUEST_009');
  });

  test('probes come by address, and without a list every name is taken', async () => {
    await using listed = await serve({ trustedHosts: ['api.example.com'], httpsRedirect: true });
    expect((await listed.ask('10.0.0.7', 'GET /health HTTP/1.1')).status).toBe(200);
    await using open = await serve({});
    expect((await open.ask('whatever.test')).status).toBe(200);
  });

  test('a forwarded host counts from a trusted proxy only', async () => {
    const forwarded = 'x-forwarded-host: api.example.com\r\n';
    await using bare = await serve({ trustedHosts: ['api.example.com'] });
    expect((await bare.ask('internal', undefined, forwarded)).status).toBe(421);
    await using proxied = await serve({ trustedHosts: ['api.example.com'] }, { trustedProxies: ['127.0.0.1'] });
    expect((await proxied.ask('internal', undefined, forwarded)).status).toBe(200);
  });
});

describe('the redirect to https', () => {
  const rules = { trustedHosts: ['api.example.com'], httpsRedirect: true };

  test.each([
    ['GET /v1/things?a=b%20c HTTP/1.1', 'https://api.example.com/v1/things?a=b%20c'],
    ['POST /v1/things HTTP/1.1', 'https://api.example.com/v1/things'],
    ['GET //evil.test/ HTTP/1.1', 'https://api.example.com//evil.test/'],
    ['GET http://evil.test/ HTTP/1.1', 'https://api.example.com/'],
  ])('%s leads to %s', async (line, location) => {
    await using server = await serve(rules);
    expect(await server.ask('api.example.com:8000', line)).toMatchObject({ status: 308, location });
  });

  test('a foreign host is refused, not sent on', async () => {
    await using server = await serve(rules);
    expect(await server.ask('evil.test')).toMatchObject({ status: 421, location: undefined });
  });

  test('what came to a trusted proxy by TLS is served; nobody else can say so', async () => {
    const forwarded = 'x-forwarded-proto: https\r\n';
    await using proxied = await serve(rules, { trustedProxies: ['127.0.0.1'] });
    expect((await proxied.ask('api.example.com', undefined, forwarded)).status).toBe(200);
    await using bare = await serve(rules);
    expect((await bare.ask('api.example.com', undefined, forwarded)).status).toBe(308);
  });
});
