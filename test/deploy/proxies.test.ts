import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gate, gate, scriptedModel } from '../../src/ai/fakes.ts';
import { type TestDatabase, testDatabases } from '../support/databases.ts';
import { proxyKinds, type RunningProxy, startProxy } from '../support/proxies/proxy.ts';
import { type ServedApp, startApp } from '../support/served-app.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';

const ANN = { email: 'ann@example.com', password: 'a long enough password' };
const MEBIBYTE = 1024 * 1024;

type Answer = { status: number; headers: http.IncomingHttpHeaders; body: string };

/** Linux answers on all of 127.0.0.0/8, so that clients and proxy have addresses of their own. */
const CLIENT = '127.0.0.9';

for (const kind of proxyKinds) {
  describe.skipIf(kind.program === null && process.env.CI !== 'true')(
    `${kind.name} as deploy/ configures it`,
    { timeout: 120_000 },
    () => {
      let db: TestDatabase;
      let served: ServedApp;
      let proxy: RunningProxy;
      let token: string;
      let half: Gate;

      beforeAll(async () => {
        const opened = await testDatabases().at(-1)?.open();
        db = opened as TestDatabase;
        const model = scriptedModel(() => ['first ', { gate: half }, 'last']);
        const models = { resolve: () => model, list: () => [], embedder: null };
        const settings = { UNPRICED_MODELS: 'allow', TRUSTED_PROXIES: '127.0.0.1' };
        served = await startApp(db, { settings, models });
        await send(served.url, 'POST', '/v1/auth/register', ANN);
        const login = await send(served.url, 'POST', '/v1/auth/login', ANN);
        token = JSON.parse(login.body).access_token;
        proxy = await startProxy(kind, [Number(new URL(served.url).port)]);
      }, 240_000);
      afterAll(async () => {
        await proxy?.stop();
        await served.stop();
        await db.close();
      });

      const bearer = () => ({ ...(token && { authorization: `Bearer ${token}` }) });

      function open(base: string, method: string, path: string, more: RequestOptions = {}, body?: string | Buffer) {
        const client = base.startsWith('https') ? https : http;
        const options = {
          method,
          rejectUnauthorized: false,
          family: 4,
          ...more,
          headers: { ...bearer(), ...more.headers },
        };
        return new Promise<IncomingMessage>((resolve, reject) => {
          const request = client.request(base + path, options, resolve);
          request.on('error', reject);
          request.end(body);
        });
      }

      async function send(
        base: string,
        method: string,
        path: string,
        body?: object,
        more: RequestOptions = {},
      ): Promise<Answer> {
        const headers = { ...(body && { 'content-type': 'application/json' }), ...more.headers };
        const response = await open(base, method, path, { ...more, headers }, body && JSON.stringify(body));
        return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
      }

      test('hands on each event of a stream as it comes', async () => {
        half = gate();
        const session = JSON.parse((await send(proxy.url, 'POST', '/v1/sessions', {})).body) as { id: string };
        const headers = { 'content-type': 'application/json', accept: 'text/event-stream', 'accept-encoding': 'gzip' };
        const question = JSON.stringify({ input: 'Hello', retrieval: { mode: 'off' } });
        const stream = await open(proxy.url, 'POST', `/v1/sessions/${session.id}/runs`, { headers }, question);
        expect(stream.statusCode).toBe(200);
        expect(stream.headers['content-encoding']).toBeUndefined();
        let seen = '';
        stream.setEncoding('utf8').on('data', (piece) => (seen += piece));
        // The model waits: what it said so far can only be here if nobody gathers it.
        await expect.poll(() => seen, { timeout: 60_000 }).toContain('first ');
        expect(seen).not.toContain('run-end');
        half.open();
        await expect.poll(() => seen, { timeout: 60_000 }).toContain('event: run-end');
      });

      test('lets a WebSocket through', async () => {
        half = gate();
        half.open();
        const client = await WebSocketClient.open(proxy.url, {
          headers: bearer(),
          rejectUnauthorized: false,
          family: 4,
        });
        client.send({ type: 'ping' });
        expect(await client.next('pong')).toEqual({ type: 'pong' });
        client.socket.close();
        expect((await client.closed).code).toBe(1005);
      });

      test('takes an upload of 4 MB, and refuses one that Parley would refuse before it is sent', async () => {
        const file = `--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\n${' '.repeat(4 * MEBIBYTE)}words\r\n--x--\r\n`;
        const headers = { 'content-type': 'multipart/form-data; boundary=x' };
        const taken = await open(proxy.url, 'POST', '/v1/documents', { headers }, file);
        expect([taken.statusCode, await text(taken)]).toEqual([202, expect.stringContaining('a.txt')]);
        const large = { ...headers, 'content-length': String(60 * MEBIBYTE), expect: '100-continue' };
        const refused = await new Promise<number>((resolve, reject) => {
          const request = https.request(`${proxy.url}/v1/documents`, {
            method: 'POST',
            rejectUnauthorized: false,
            family: 4,
            headers: { ...large, ...bearer() },
          });
          request.on('response', ({ statusCode }) => resolve(statusCode ?? 0));
          request.on('continue', () => request.write(Buffer.alloc(60 * MEBIBYTE)));
          request.on('error', reject);
          request.flushHeaders();
        });
        expect(refused).toBe(413);
      });

      test('tells the address of its client, which nobody else is believed about', async () => {
        const forged = { 'x-forwarded-for': '203.0.113.7', 'x-real-ip': '203.0.113.7', forwarded: 'for=203.0.113.7' };
        const addressOf = async (base: string) => {
          const made = await send(
            base,
            'POST',
            '/v1/api-keys',
            { name: 'k' },
            { localAddress: CLIENT, headers: forged },
          );
          expect(made.status).toBe(201);
          const newest =
            "SELECT address FROM platform.audit_entry WHERE act LIKE 'api-key%' ORDER BY created_at DESC, id DESC LIMIT 1";
          return (await db.database.execute(newest)).rows[0]?.address;
        };
        expect(await addressOf(proxy.url)).toBe(CLIENT);
        expect(await addressOf(served.url)).toBe(CLIENT);
      });

      test('sends who comes without TLS to it, and shows metrics to nobody', async () => {
        const moved = await send(proxy.plain, 'GET', '/docs');
        expect([301, 308]).toContain(moved.status);
        expect(moved.headers.location).toMatch(/^https:\/\/localhost/);
        expect((await send(proxy.url, 'GET', '/metrics')).status).toBe(404);
        expect((await send(proxy.url, 'GET', '/ready')).status).toBe(200);
      });
    },
  );
}
