import http from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scriptedModel } from '../../src/ai/fakes.ts';
import { type TestDatabase, testDatabases } from '../support/databases.ts';
import { type ServedApp, startApp } from '../support/served-app.ts';

const SLOW_CLIENTS = 12;
/** One long answer: far more than a client's buffers hold. */
const PIECE = 'x'.repeat(60_000);
const PIECES = 120;
/** What a client that takes nothing may hold in the server: a batch of events, rendered, and node's own buffers. */
const HELD_BY_ONE = 2 * 1024 * 1024;
const BUSY = { timeout: 180_000, interval: 50 };

type Stream = { response: http.IncomingMessage; text: string; ended: boolean };

// One process is the same on both databases here; the server's is the faster one.
describe.each(testDatabases().slice(-1))('slow clients on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let served: ServedApp;
  let token: string;
  const agent = new http.Agent({ maxSockets: Number.POSITIVE_INFINITY });

  beforeAll(async () => {
    db = await open();
    const model = scriptedModel(({ messages }) => {
      const question = messages.at(-1)?.content ?? '';
      if (question === 'long') return Array.from({ length: PIECES }, () => PIECE);
      return ['short'];
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

  /** A stream of a run's events. `slow`: its client takes nothing of it until it is resumed. */
  function follow(runId: string, { after = 0, slow = false } = {}): Promise<Stream> {
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
          if (slow) response.pause();
          else response.on('data', (piece: string) => (stream.text += piece));
          resolve(stream);
        },
      );
      request.on('error', reject);
    });
  }

  test('clients that take nothing hold little in the server, delay nobody, and come back for the rest', {
    timeout: 240_000,
  }, async () => {
    const runId = await ask('long');
    const ended = async () => (await call<{ status: string }>('POST', `/v1/runs/${runId}/cancel`, {})).status;
    const log = await follow(runId);
    await expect.poll(() => log.ended, BUSY).toBe(true);
    expect(log.text.length, log.text.slice(0, 2_000)).toBeGreaterThan(PIECE.length * PIECES);
    collectGarbage();
    const before = held();
    const slow = await Promise.all(Array.from({ length: SLOW_CLIENTS }, () => follow(runId, { slow: true })));
    // A fast client of the same answer comes to its end meanwhile.
    const fast = await follow(runId);
    await expect.poll(() => fast.ended, BUSY).toBe(true);
    // Buffers are let go of in the background, some time after their collection.
    const heldByOne = () => {
      collectGarbage();
      return (held() - before) / SLOW_CLIENTS;
    };
    await expect.poll(heldByOne, BUSY).toBeLessThan(HELD_BY_ONE);
    const [first] = slow;
    if (!first) throw new Error('There are no slow clients.');
    first.response.on('data', (piece: string) => (first.text += piece));
    first.response.resume();
    await expect.poll(() => first.text.length, BUSY).toBeGreaterThan(1_000_000);
    first.response.destroy();
    const whole = first.text.slice(0, first.text.lastIndexOf('\n\n') + 2);
    const last = Number([...whole.matchAll(/^id: (\d+)$/gm)].at(-1)?.[1]);
    const rest = await follow(runId, { after: last });
    await expect.poll(() => rest.ended, BUSY).toBe(true);
    const events = (text: string) => text.replaceAll(': keep-alive\n\n', '');
    expect(events(whole + rest.text) === events(fast.text), 'every event once, in order').toBe(true);
    for (const { response } of slow) response.destroy();
    expect(await ended()).toBe('completed');
  });
});

/** Without it, a figure of memory would count what is already forgotten. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

function held(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
