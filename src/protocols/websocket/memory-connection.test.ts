import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyTestDatabase, type TestDatabase } from '../../../test/support/databases.ts';
import { type EmbeddingsServer, startEmbeddings } from '../../../test/support/embeddings-server.ts';
import { newAccount } from '../../../test/support/identity.ts';
import { type ServedApp, startApp } from '../../../test/support/served-app.ts';
import { WebSocketClient } from '../../../test/support/web-socket-client.ts';
import type { Tenant } from '../../features/tenancy/index.ts';

describe.each(anyTestDatabase())('live memory on the $kind database', ({ kind, open }) => {
  let db: TestDatabase;
  let embeddings: EmbeddingsServer;
  /** Two replicas, where the database has room for two. */
  let one: ServedApp;
  let other: ServedApp;

  beforeAll(async () => {
    db = await open();
    embeddings = await startEmbeddings();
    const settings = { EMBEDDING_MODEL: 'fake-small', EMBEDDING_BASE_URL: embeddings.url, UNPRICED_MODELS: 'allow' };
    one = await startApp(db, { settings });
    other = kind === 'server' ? await startApp(db, { settings }) : one;
    for (const app of new Set([one, other])) {
      await app.services.memory.live.start();
      await app.services.tenancy.lifecycle.listen();
    }
  });
  afterAll(async () => {
    for (const app of new Set([one, other])) {
      await app.services.memory.live.stop();
      await app.stop();
    }
    await embeddings.stop();
    await db.close();
  });

  async function person() {
    const account = newAccount();
    const send = async (path: string, body: object, token = '') => {
      const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
      const response = await fetch(one.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
      return (await response.json()) as Record<string, unknown>;
    };
    const { tenant } = (await send('/v1/auth/register', account)) as { tenant: Tenant };
    const { email, password } = account;
    const token = String((await send('/v1/auth/login', { email, password })).access_token);
    const say = (content: string, more: object = {}) => send('/v1/messages', { role: 'user', content, ...more }, token);
    const connect = (app = other) =>
      WebSocketClient.open(app.url, { headers: { authorization: `Bearer ${token}` } }, '/v1/ws/memory');
    return { tenant: { id: tenant.id, slug: tenant.slug }, token, say, connect };
  }
  const contentOf = (frame: Record<string, unknown>) => (frame.memory as { content: string }).content;

  test('new memories come to whoever subscribed, at another replica too, and to nobody else', {
    timeout: 120_000,
  }, async () => {
    const [ann, bob] = [await person(), await person()];
    await ann.say('Said before anybody listened.');
    const client = await ann.connect();
    const stranger = await bob.connect();
    for (const socket of [client, stranger]) socket.send({ type: 'subscribe' });
    await client.next('subscribed');
    await stranger.next('subscribed');
    await ann.say('The ferry leaves at noon.');
    const told = await client.next('memory');
    expect(told).toMatchObject({ event: 'created', subscription: 1 });
    expect(contentOf(told)).toBe('The ferry leaves at noon.');
    await ann.say('For Eve alone.', { subject: 'eve' });
    await ann.say('The ferry is late.');
    expect(contentOf(await client.next('memory'))).toBe('The ferry is late.');
    await bob.say('Mine.');
    expect(contentOf(await stranger.next('memory'))).toBe('Mine.');
    for (const { socket } of [client, stranger]) socket.terminate();
  });

  test('who comes back with a place is told what came meanwhile, in order', { timeout: 120_000 }, async () => {
    const ann = await person();
    const first = await ann.connect();
    first.send({ type: 'subscribe', conversation_id: 'talk' });
    await first.next('subscribed');
    await ann.say('One.', { conversation_id: 'talk' });
    const { place } = await first.next('memory');
    first.socket.terminate();
    await ann.say('Two.', { conversation_id: 'talk' });
    await ann.say('Elsewhere.', { conversation_id: 'another' });
    await ann.say('Three.', { conversation_id: 'talk' });
    const again = await ann.connect();
    again.send({ type: 'subscribe', conversation_id: 'talk', after: place });
    const seen = new Set<string>();
    while (!seen.has('Three.')) seen.add(contentOf(await again.next('memory')));
    // What it knew may come once more, never less.
    expect([...seen].filter((content) => content !== 'One.')).toEqual(['Two.', 'Three.']);
    again.socket.terminate();
  });

  test('a search is answered by words at once, then by meaning too; bad frames are told', {
    timeout: 120_000,
  }, async () => {
    const ann = await person();
    await ann.say('The lighthouse keeper is called Nils.');
    const client = await ann.connect();
    client.send({ query: 'lighthouse keeper', id: 7 });
    expect(await client.next('search_results')).toMatchObject({ id: 7, final: false, mode_used: 'words', total: 1 });
    expect(await client.next('search_results')).toMatchObject({ id: 7, final: true, mode_used: 'hybrid', total: 1 });
    client.send({ type: 'subscribe', after: -1 });
    expect(await client.next('error')).toMatchObject({ error_code: 'invalid_message' });
    for (let index = 0; index < 9; index += 1) client.send({ type: 'subscribe' });
    expect(await client.next('error')).toMatchObject({ error_code: 'invalid_message' });
    client.socket.terminate();
  });

  test('without a credential nobody gets in, and a suspended tenant is out at once', { timeout: 120_000 }, async () => {
    expect(await WebSocketClient.refusal(other.url, {}, '/v1/ws/memory')).toMatchObject({ status: 401 });
    const ann = await person();
    const client = await ann.connect();
    client.send({ type: 'ping' });
    await client.next('pong');
    await one.services.tenancy.lifecycle.suspend(ann.tenant.id, null, null);
    expect(await client.closed).toMatchObject({ code: 1008 });
  });

  test('the predecessor’s addresses, with the tenant in the path, are these', { timeout: 120_000 }, async () => {
    const [ann, bob] = [await person(), await person()];
    await ann.say('The ferry of the islands is white.', { conversation_id: 'boats' });
    await ann.say('The ferry of the fjord is red.', { conversation_id: 'other boats' });
    const headers = { origin: other.url };
    const at = (tenant: string, token: string, path = 'messages', more = '') =>
      [other.url, { headers }, `/v1/ws/${path}/${tenant}?token=${token}${more}`] as const;
    const client = await WebSocketClient.open(...at(ann.tenant.slug, ann.token));
    client.send({ type: 'subscribe' });
    await client.next('subscribed');
    client.send({ type: 'ping' });
    await client.next('pong');
    await ann.say('The ferry was painted.');
    expect(contentOf(await client.next('memory'))).toBe('The ferry was painted.');
    client.socket.close();

    const searching = await WebSocketClient.open(...at(ann.tenant.id, ann.token, 'stream', '&conversation_id=boats'));
    searching.send({ query: 'ferry', top_k: 5 });
    const { items } = (await searching.next('search_results')) as unknown as { items: Record<string, unknown>[] };
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ content: 'The ferry of the islands is white.', role: 'user' });
    expect(Object.keys(items[0] ?? {})).toEqual(expect.arrayContaining(['message_id', 'score', 'importance']));
    searching.socket.close();

    for (const token of [bob.token, 'no token']) {
      const refused = WebSocketClient.dial(...at(ann.tenant.slug, token));
      expect((await refused.closed).code).toBe(1008);
      expect(refused.frames).toEqual([]);
    }
  });
});
