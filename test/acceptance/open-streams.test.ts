import http from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gate, gate, scriptedModel } from '../../src/ai/fakes.ts';
import { type TestDatabase, testDatabases } from '../support/databases.ts';
import { type ServedApp, startApp } from '../support/served-app.ts';

const STREAMS = 1_000;
const RUNS = 20;
const BUSY = { timeout: 180_000, interval: 50 };

type Stream = { response: http.IncomingMessage; text: string; ended: boolean };

// One process is the same on both databases here; the server's is the faster one.
describe.each(testDatabases().slice(-1))('many clients on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let served: ServedApp;
  let token: string;
  const waits = new Map<string, Gate>();
  const agent = new http.Agent({ maxSockets: Number.POSITIVE_INFINITY });

  beforeAll(async () => {
    db = await open();
    const model = scriptedModel(({ messages }) => {
      const question = messages.at(-1)?.content ?? '';
      return ['first ', { gate: waits.get(question) ?? gate() }, 'last'];
    });
    const settings = { UNPRICED_MODELS: 'allow' };
    served = await startApp(db, { settings, models: { resolve: () => model, list: () => [], embedder: null } });
    const account = { email: 'streams@example.com', password: 'a long enough password' };
    await call('POST', '/v1/auth/register', account);
    token = (await call<{ access_token: string }>('POST', '/v1/auth/login', account)).access_token;
  }, 240_000);
  afterAll(async () => {
    agent.destroy();
    await served.stop();
    await db.close();
  });

  async function call<Answer>(method: string, path: string, body: object): Promise<Answer> {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    const response = await fetch(served.url + path, { method, headers, body: JSON.stringify(body) });
    expect(response.ok, `${path} ${response.status}`).toBe(true);
    return (await response.json()) as Answer;
  }

  async function ask(input: string): Promise<string> {
    const session = await call<{ id: string }>('POST', '/v1/sessions', {});
    const question = { input, retrieval: { mode: 'off' } };
    return (await call<{ id: string }>('POST', `/v1/sessions/${session.id}/runs`, question)).id;
  }

  /** A stream of a run's events. */
  function follow(runId: string, { after = 0 } = {}): Promise<Stream> {
    const headers = { authorization: `Bearer ${token}` };
    return new Promise((resolve, reject) => {
      const request = http.get(
        `${served.url}/v1/runs/${runId}/events?after=${after}`,
        { agent, headers },
        (response) => {
          const stream: Stream = { response, text: '', ended: false };
          response.setEncoding('latin1');
          response.on('end', () => (stream.ended = true));
          response.on('error', () => undefined);
          response.on('data', (piece: string) => (stream.text += piece));
          resolve(stream);
        },
      );
      request.on('error', reject);
    });
  }

  test(`${STREAMS} open streams of ${RUNS} answers all get their end`, { timeout: 120_000 }, async () => {
    const runs: string[] = [];
    for (let index = 0; index < RUNS; index += 1) {
      waits.set(`question ${index}`, gate());
      runs.push(await ask(`question ${index}`));
    }
    const streams: Stream[] = [];
    // Not all in the same instant: server and clients share this process.
    while (streams.length < STREAMS) {
      const next = Array.from({ length: 50 }, (_, index) => follow(runs[index % RUNS] ?? ''));
      streams.push(...(await Promise.all(next)));
    }
    await expect.poll(() => streams.every(({ text }) => text.includes('first ')), BUSY).toBe(true);
    for (const wait of waits.values()) wait.open();
    await expect.poll(() => streams.every(({ ended }) => ended), BUSY).toBe(true);
    for (const { text } of streams) {
      const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
      expect(ids).toEqual(ids.map((_, index) => index + 1));
      expect(text).toContain('event: run-end');
    }
  });
});
