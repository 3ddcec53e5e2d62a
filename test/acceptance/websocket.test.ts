import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { gate, type ScriptedModel, scriptedModel } from '../../src/ai/fakes.ts';
import { anyTestDatabase, type TestDatabase, testDatabases } from '../support/databases.ts';
import { type OpenaiApp, type OpenaiUser, openOpenaiApp } from '../support/openai-app.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';

const bearer = ({ token }: OpenaiUser) => ({ headers: { authorization: `Bearer ${token}` } });

describe.each(anyTestDatabase())('chat by WebSocket on the $kind database', { timeout: 180_000 }, ({ open }) => {
  let db: TestDatabase;
  let app: OpenaiApp;
  let ann: OpenaiUser;
  const hello = scriptedModel(['Hel', 'lo', '!'], { id: 'fake/hello' });
  const models: Record<string, ScriptedModel> = { '': hello, 'fake/hello': hello };

  beforeAll(async () => {
    db = await open();
    app = await openOpenaiApp(db.database, models);
    ann = await app.newUser();
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await db.close();
  });

  async function connect(user: OpenaiUser = ann): Promise<WebSocketClient> {
    const client = await WebSocketClient.open(app.address, bearer(user));
    onTestFinished(() => client.socket.terminate());
    return client;
  }

  const dial = (options: object, path?: string, protocols?: string[]) =>
    WebSocketClient.dial(app.address, options, path, protocols);

  function api(user: OpenaiUser, path: string, method = 'GET', body?: object): Promise<Response> {
    const headers = { authorization: `Bearer ${user.token}`, ...(body && { 'content-type': 'application/json' }) };
    return fetch(app.address + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  }

  describe('a credential', () => {
    test('is asked for before the upgrade: without one, or with a bad one, there is no connection', async () => {
      const absent = await WebSocketClient.refusal(app.address);
      expect([absent.status, absent.problem.code]).toEqual([401, 'ERR_AUTH_004']);
      const bad = await WebSocketClient.refusal(app.address, { headers: { authorization: 'Bearer nonsense' } });
      expect([bad.status, bad.problem.code]).toEqual([401, 'ERR_AUTH_002']);
      expect((await WebSocketClient.refusal(app.address, {}, '/v1/ws/chat?token=nonsense')).status).toBe(401);
    });

    test('comes as a header, in the address, or as a subprotocol, and at the older address', async () => {
      const key = (await (await api(ann, '/v1/api-keys', 'POST', { name: 'ws' })).json()) as { key: string };
      const ways = [
        await WebSocketClient.open(app.address, bearer(ann)),
        await WebSocketClient.open(app.address, { headers: { 'x-api-key': key.key } }),
        await WebSocketClient.open(app.address, {}, `/v1/ws/chat?token=${ann.token}`),
        await WebSocketClient.open(app.address, {}, `/ws/chat?token=${key.key}`),
        await WebSocketClient.open(app.address, {}, '/v1/ws/chat', ['parley.chat.v1', `bearer.${ann.token}`]),
      ];
      for (const way of ways) {
        way.send({ type: 'ping' });
        expect(await way.next('pong')).toEqual({ type: 'pong' });
        way.socket.close();
      }
      expect(ways[4]?.socket.protocol).toBe('parley.chat.v1');
    });

    test('that a page sent in vain is told by 1008 Unauthorized, since a page cannot see a refusal', async () => {
      const { host } = new URL(app.address);
      const page = dial({ headers: { origin: `http://${host}` } }, '/v1/ws/chat?token=nonsense');
      expect(await page.closed).toEqual({ code: 1008, reason: 'Unauthorized' });
      expect(page.frames).toEqual([]);
    });

    test('of a page of a foreign origin is not even looked at', async () => {
      const origin = 'https://evil.example';
      const headers = { origin, ...bearer(ann).headers };
      const refused = await WebSocketClient.refusal(app.address, { headers });
      expect([refused.status, refused.problem.code]).toEqual([403, 'ERR_REQUEST_010']);
      expect((await WebSocketClient.refusal(app.address, { headers: { origin } })).status).toBe(403);
      const { host } = new URL(app.address);
      const own = await WebSocketClient.open(app.address, { headers: { ...headers, origin: `http://${host}` } });
      own.socket.close();
    });

    test('that is revoked ends the connection with 1008, at its next frame', async () => {
      const made = (await (await api(ann, '/v1/api-keys', 'POST', { name: 'short' })).json()) as {
        id: string;
        key: string;
      };
      const client = await WebSocketClient.open(app.address, { headers: { 'x-api-key': made.key } });
      client.send({ type: 'ping' });
      await client.next('pong');
      await api(ann, `/v1/api-keys/${made.id}`, 'DELETE');
      client.send({ message: 'Still here?' });
      expect(await client.closed).toEqual({ code: 1008, reason: 'Unauthorized' });
      expect(client.frames.map(({ type }) => type)).toEqual(['pong']);
    });

    test('that is revoked ends the connection also of a client that says nothing', async () => {
      const bob = await app.newUser();
      const silent = await connect(bob);
      await api(bob, '/v1/auth/logout', 'POST');
      expect(await silent.closed).toEqual({ code: 1008, reason: 'Unauthorized' });
    });

    test('that may only read is refused', async () => {
      const made = await api(ann, '/v1/api-keys', 'POST', { name: 'reader', scopes: ['read'] });
      const { key } = (await made.json()) as { key: string };
      expect((await WebSocketClient.refusal(app.address, { headers: { 'x-api-key': key } })).status).toBe(403);
    });
  });

  test('an address that is no WebSocket answers a handshake as any request, and this one a plain request with 426', async () => {
    expect((await WebSocketClient.refusal(app.address, bearer(ann), '/v1/nothing')).status).toBe(404);
    const plain = await api(ann, '/v1/ws/chat');
    expect([plain.status, plain.headers.get('upgrade')]).toEqual([426, 'websocket']);
    // Java's client offers another protocol with every request; its body must arrive.
    const offered = await new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        ...bearer(ann).headers,
        connection: 'Upgrade, HTTP2-Settings',
        upgrade: 'h2c',
        'http2-settings': 'AAEAAEAAAAIAAAAA',
        'content-type': 'application/json',
      };
      const request = httpRequest(`${app.address}/v1/sessions`, { method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject).end('{"title":"Java"}');
    });
    expect(offered).toBe(201);
  });

  describe('a chat', () => {
    test('goes as older clients know it: handshake, stream, complete, metrics', async () => {
      const client = await connect();
      client.send({ user_id: 'anonymous', session_id: null });
      expect(await client.next('session')).toEqual({ type: 'session', session_id: null, active_run_id: null });
      client.send({ message: '  Hi there  ' });
      const start = await client.next('start');
      const complete = await client.next('complete');
      expect(complete).toMatchObject({
        response: 'Hello!',
        retrieved_docs: 0,
        status: 'completed',
        run_id: start.run_id,
      });
      expect(client.textOf(start.run_id)).toBe('Hello!');
      const metrics = await client.next('metrics');
      expect(metrics).toMatchObject({
        retrieved_docs_count: 0,
        ttfb_ms: expect.any(Number),
        llm_time_ms: expect.any(Number),
      });

      client.send({ message: 'And again' });
      const second = await client.next('complete');
      expect(second.session_id).toBe(start.session_id);
      const kept = (await (await api(ann, `/v1/sessions/${start.session_id}/messages`)).json()) as {
        data: { content: string }[];
      };
      expect(kept.data.map(({ content }) => content)).toEqual(['Hi there', 'Hello!', 'And again', 'Hello!']);
    });

    test('in a session that the handshake names goes on there', async () => {
      const session = (await (await api(ann, '/v1/sessions', 'POST', { title: 'Known' })).json()) as { id: string };
      const client = await connect();
      client.send({ session_id: session.id });
      expect(await client.next('session')).toMatchObject({ session_id: session.id });
      client.send({ message: 'Hi' });
      expect((await client.next('start')).session_id).toBe(session.id);
    });

    test('stops by a cancel frame, and what was said is kept', async () => {
      const waiting = gate();
      models['fake/stopped'] = scriptedModel(['Said', { gate: waiting }], { id: 'fake/stopped' });
      const client = await connect();
      client.send({ message: 'Go', model: 'fake/stopped' });
      await client.next('stream');
      client.send({ type: 'cancel' });
      expect(await client.next('complete')).toMatchObject({ status: 'cancelled', response: 'Said' });
      expect(models['fake/stopped'].abandoned).toBe(1);
    });

    test('that is cut goes on, and is resumed elsewhere from any place: nothing lost, nothing twice', async () => {
      const waiting = gate();
      models['fake/resumed'] = scriptedModel(['One ', 'two ', { gate: waiting }, 'three ', 'four'], {
        id: 'fake/resumed',
      });
      const first = await connect();
      first.send({ message: 'Count', model: 'fake/resumed' });
      const { run_id } = await first.next('start');
      await expect.poll(() => first.textOf(run_id), { timeout: 60_000 }).toBe('One two ');
      const seen = first.frames.at(-1)?.seq;
      first.socket.terminate();
      waiting.open();
      const second = await connect();
      second.send({ type: 'resume', run_id, after: seen });
      const complete = await second.next('complete');
      expect(first.textOf(run_id) + second.textOf(run_id)).toBe('One two three four');
      expect(complete.response).toBe('One two three four');
      expect(second.frames.some(({ type }) => type === 'metrics')).toBe(false);
      second.send({ type: 'resume', run_id });
      await second.next('start');
      expect(await second.next('complete')).toEqual(complete);
    });

    test('that is asked while an answer is under way hears of the first one', async () => {
      const waiting = gate();
      models['fake/busy'] = scriptedModel([{ gate: waiting }, 'done'], { id: 'fake/busy' });
      const client = await connect();
      client.send({ message: 'One', model: 'fake/busy' });
      const { run_id } = await client.next('start');
      client.send({ message: 'Two' });
      expect(await client.next('error')).toMatchObject({ error_code: 'run_active', code: 'ERR_CHAT_005', run_id });
      waiting.open();
      expect((await client.next('complete')).response).toBe('done');
    });

    test('that asks with cancel_active ends the answer under way first', async () => {
      const waiting = gate();
      models['fake/stuck'] = scriptedModel(['One ', { gate: waiting }, 'two'], { id: 'fake/stuck' });
      const client = await connect();
      client.send({ message: 'One', model: 'fake/stuck' });
      const { run_id } = await client.next('start');
      await client.next('stream');
      client.send({ message: 'Two', cancel_active: true });
      expect(await client.next('complete')).toMatchObject({ run_id, status: 'cancelled', response: 'One ' });
      const next = await client.next('complete');
      expect(next).toMatchObject({ status: 'completed' });
      expect(next.run_id).not.toBe(run_id);
      waiting.open();
    });
  });

  describe('what is not taken', () => {
    test.each([
      ['not JSON', '{', 'ERR_REQUEST_001'],
      ['a list', '[]', 'ERR_REQUEST_002'],
      ['an unknown type', { type: 'shout' }, 'ERR_REQUEST_002'],
      ['a blank message', { message: '  \n ' }, 'ERR_REQUEST_002'],
      ['an empty message', { message: '' }, 'ERR_REQUEST_002'],
      ['5001 characters', { message: 'a'.repeat(5_001) }, 'ERR_REQUEST_002'],
      ['a number as message', { message: 5 }, 'ERR_REQUEST_002'],
      ['a session that is no id', { message: 'Hi', session_id: "' OR 1=1" }, 'ERR_REQUEST_002'],
      ['an unknown field', { message: 'Hi', tenant: 'other' }, 'ERR_REQUEST_002'],
      ['nothing to cancel', { type: 'cancel' }, 'ERR_REQUEST_002'],
    ])('%s is told, and the connection stays', async (_, frame, code) => {
      const client = await connect();
      client.send(frame);
      expect(await client.next('error')).toMatchObject({ error_code: 'invalid_message', code });
      client.send({ message: 'a'.repeat(5_000) });
      expect((await client.next('complete')).response).toBe('Hello!');
    });

    test('binary frames are told, frames above the size close with 1009', async () => {
      const client = await connect();
      client.socket.send(Buffer.from('{"type":"ping"}'));
      expect(await client.next('error')).toMatchObject({ code: 'ERR_REQUEST_001' });
      client.send({ message: 'a'.repeat(70_000) });
      expect((await client.closed).code).toBe(1009);
    });

    test('a neighbour’s session and run are as if they were not there', async () => {
      const client = await connect();
      client.send({ message: 'Mine' });
      const { session_id, run_id } = await client.next('complete');
      for (const stranger of [await app.newUser(), await app.newUser(ann)]) {
        const other = await connect(stranger);
        for (const frame of [
          { session_id },
          { message: 'Yours?', session_id },
          { type: 'resume', run_id },
          { type: 'cancel', run_id },
        ]) {
          other.send(frame);
          expect(await other.next('error')).toMatchObject({ error_code: 'not_found' });
        }
        expect(other.frames.every(({ type }) => type === 'error')).toBe(true);
      }
    });
  });
});

describe('a server of its own', { timeout: 180_000 }, () => {
  test('gives a user 10 messages a minute over all connections, and tells its clients by 1012 when it stops', async () => {
    const [source] = testDatabases();
    if (!source) throw new Error('There is no database to try it on.');
    await using db = await disposable(source);
    const hello = scriptedModel(['Hello!'], { id: 'fake/hello' });
    const settings = { RATE_LIMIT_WEBSOCKET_PER_MINUTE: '10' };
    const app = await openOpenaiApp(db.database, { '': hello, 'fake/hello': hello }, { settings });
    const bob = await app.newUser();
    const [first, second] = [
      await WebSocketClient.open(app.address, bearer(bob)),
      await WebSocketClient.open(app.address, bearer(bob)),
    ];
    for (let count = 0; count < 5; count += 1) {
      for (const client of [first, second]) {
        client.send({ message: `Question ${count}` });
        await client.next('complete');
      }
    }
    first.send({ message: 'One more' });
    const refused = await first.next('error');
    expect(refused).toMatchObject({ error_code: 'rate_limit_exceeded', code: 'ERR_LIMIT_001' });
    expect(refused.retry_after_seconds).toBeGreaterThan(0);
    expect(refused.retry_after_seconds).toBeLessThanOrEqual(60);
    const eve = await WebSocketClient.open(app.address, bearer(await app.newUser()));
    eve.send({ message: 'Me?' });
    await eve.next('complete');

    const closed = [first, second, eve].map((client) => client.closed);
    await app[Symbol.asyncDispose]();
    expect(await Promise.all(closed)).toEqual(closed.map(() => ({ code: 1012, reason: 'Service restart' })));
  });
});

async function disposable(source: ReturnType<typeof testDatabases>[number]) {
  const opened = await source.open();
  return { ...opened, [Symbol.asyncDispose]: () => opened.close() };
}
