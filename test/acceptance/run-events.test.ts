import { EventSourceParserStream } from 'eventsource-parser/stream';
import { Agent, EventSource } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scriptedModel } from '../../src/ai/fakes.ts';
import { type TestDatabase, testDatabases } from '../support/databases.ts';
import { type OpenaiApp, type OpenaiUser, openOpenaiApp } from '../support/openai-app.ts';

/** The run's own stream, as browsers' EventSource comes back to it. */
let db: TestDatabase;
let app: OpenaiApp;
let ann: OpenaiUser;
let runId: string;
let whole: Awaited<ReturnType<typeof read>>;

beforeAll(async () => {
  db = await (testDatabases().at(-1) as ReturnType<typeof testDatabases>[number]).open();
  const model = scriptedModel(['One ', 'two ', 'three.'], { id: 'fake/counting' });
  app = await openOpenaiApp(db.database, { 'fake/counting': model });
  ann = await app.newUser();
  const { id } = (await (await post('/v1/sessions', {})).json()) as { id: string };
  const run = await post(`/v1/sessions/${id}/runs`, { input: 'Count!', model: 'fake/counting' });
  runId = ((await run.json()) as { id: string }).id;
  whole = await read(await events());
}, 240_000);
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await db.close();
});

const headers = () => ({ authorization: `Bearer ${ann.token}` });

function post(path: string, body: object): Promise<Response> {
  const sent = { ...headers(), 'content-type': 'application/json' };
  return fetch(app.address + path, { method: 'POST', headers: sent, body: JSON.stringify(body) });
}

function events(lastEventId?: string, query = ''): Promise<Response> {
  const more = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  return fetch(`${app.address}/v1/runs/${runId}/events${query}`, { headers: { ...headers(), ...more } });
}

async function read(response: Response) {
  if (!response.body) throw new Error(`no stream: ${response.status}`);
  const text = response.body.pipeThrough(new TextDecoderStream());
  return Array.fromAsync(text.pipeThrough(new EventSourceParserStream()));
}

test('each event has its place as its id, without a gap', () => {
  expect(whole.map(({ id }) => Number(id))).toEqual(whole.map((_, index) => index + 1));
  expect(whole.at(-1)?.event).toBe('run-end');
});

test('whoever comes back with the last id gets the rest, whatever the id, and that there is nothing more once all was seen', async () => {
  for (const [index, { id }] of whole.slice(0, -1).entries()) {
    expect(await read(await events(id))).toEqual(whole.slice(index + 1));
  }
  for (const seen of [whole.at(-1)?.id, '2147483647']) {
    const over = await events(seen);
    expect([over.status, await over.text()]).toEqual([204, '']);
  }
  expect((await events(undefined, `?after=${whole.length}`)).status).toBe(204);
  expect(await read(await events('1', '?after=3'))).toEqual(whole.slice(3));
  expect((await events(undefined, '?after=99999999999')).status).toBe(422);
});

test('an EventSource that has seen the end comes back once and no more', async () => {
  let requests = 0;
  // A browser's sends cookies, this one no headers of ours.
  const dispatcher = new Agent().compose((dispatch) => (options, handler) => {
    requests += 1;
    return dispatch({ ...options, headers: { ...(options.headers as object), ...headers() } }, handler);
  });
  const node = { dispatcher, reconnectionTime: 20 };
  const source = new EventSource(`${app.address}/v1/runs/${runId}/events`, { node });
  const seen: string[] = [];
  for (const { event } of whole)
    source.addEventListener(event ?? '', (message) => seen.push((message as MessageEvent).lastEventId));
  await expect.poll(() => source.readyState).toBe(EventSource.CLOSED);
  expect([...new Set(seen)]).toEqual(whole.map(({ id }) => id));
  expect(requests).toBe(2);
  await dispatcher.close();
});

test.each(['x', '-1', '1.5', '99999999999999999999'])('a last id %j is refused and named', async (id) => {
  const refused = await events(id);
  expect([refused.status, await refused.json()]).toMatchObject([422, { errors: [{ field: 'Last-Event-ID' }] }]);
});
