import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { ClientRequest, ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { DEFAULT_TIMEOUTS } from './deadline.ts';
import { type Answer, fakeUpstream } from './fake-upstream.ts';
import { type JsonPost, postJson } from './post-json.ts';

/** Far longer than a test may take: what comes in spite of it did not wait. */
const FOR_EVER = 600_000;

/** The pieces of an answer, and what ended them. */
async function pieces(answer: Answer, more: Partial<JsonPost> = {}) {
  await using upstream = await fakeUpstream(answer);
  const { signal } = new AbortController();
  const url = new URL(upstream.origin);
  const post = { provider: 'openai', url, headers: {}, body: {}, timeouts: DEFAULT_TIMEOUTS, signal, ...more };
  const taken: string[] = [];
  try {
    for await (const piece of (await postJson(post)).pieces()) taken.push(piece.toString());
    return { taken, error: null };
  } catch (error) {
    return { taken, error };
  }
}

/** Says words one by one, each once the one before is in the network. */
async function say(response: ServerResponse, count: number, pause = 5): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    response.write(`word${index} `);
    await setTimeout(pause);
  }
}

/** An answer of so many words, and what ends it. */
function saying(count: number, end: (response: ServerResponse) => void): Answer {
  return async (response) => {
    await say(response, count);
    end(response);
  };
}

const words = (count: number) => Array.from({ length: count }, (_, index) => `word${index} `).join('');

test('what comes while the caller is willing to wait comes in few pieces, and all of it', async () => {
  const answer = saying(40, (response) => response.end());
  const { taken, error } = await pieces(answer, { gatherMs: () => 1_000 });
  expect({ said: taken.join(''), error }).toEqual({ said: words(40), error: null });
  expect(taken.length).toBeLessThan(15);
});

test('the end is given on at once, however long the caller would wait', async () => {
  const answer = saying(5, (response) => response.end());
  const { taken, error } = await pieces(answer, { gatherMs: () => FOR_EVER });
  expect({ said: taken.join(''), error }).toEqual({ said: words(5), error: null });
  expect(taken.length).toBeLessThanOrEqual(2);
});

test('what came before a connection broke comes first, then the failure', async () => {
  const answer = saying(5, (response) => response.destroy());
  const { taken, error } = await pieces(answer, { gatherMs: () => FOR_EVER });
  expect(taken.join('')).toBe(words(5));
  expect(error).toMatchObject({ kind: 'unavailable' });
});

test('who stops is not held up by what gathers', async () => {
  const stopping = new AbortController();
  const answer: Answer = async (response) => {
    response.write('word0 ');
    await once(response, 'close');
  };
  const reason = new Error('enough');
  const gatherMs = () => {
    setImmediate(() => stopping.abort(reason));
    return FOR_EVER;
  };
  expect(await pieces(answer, { gatherMs, signal: stopping.signal })).toEqual({ taken: ['word0 '], error: reason });
});

test('a caller who is busy takes what came meanwhile in few pieces', async () => {
  await using upstream = await fakeUpstream(saying(30, (response) => response.end()));
  const { signal } = new AbortController();
  const url = new URL(upstream.origin);
  const answer = await postJson({ provider: 'openai', url, headers: {}, body: {}, timeouts: DEFAULT_TIMEOUTS, signal });
  const taken: string[] = [];
  for await (const piece of answer.pieces()) {
    taken.push(piece.toString());
    await setTimeout(100);
  }
  expect(taken.join('')).toBe(words(30));
  expect(taken.length).toBeLessThan(10);
});

test('what a busy caller has not taken stays in the network, where it costs no work', async () => {
  const sent: ClientRequest[] = [];
  const note = (message: unknown) => sent.push((message as { request: ClientRequest }).request);
  subscribe('http.client.request.start', note);
  onTestFinished(() => void unsubscribe('http.client.request.start', note));
  const saidAll = Promise.withResolvers<void>();
  const answer: Answer = async (response) => {
    await say(response, 200, 1);
    saidAll.resolve();
    response.end();
  };
  await using upstream = await fakeUpstream(answer);
  const { signal } = new AbortController();
  const url = new URL(upstream.origin);
  const { pieces } = await postJson({
    provider: 'openai',
    url,
    headers: {},
    body: {},
    timeouts: DEFAULT_TIMEOUTS,
    signal,
  });
  let taken = '';
  let read = 0;
  for await (const piece of pieces()) {
    taken += piece.toString();
    if (read > 0) continue;
    await saidAll.promise;
    read = sent[0]?.socket?.bytesRead ?? Infinity;
  }
  expect(taken).toBe(words(200));
  expect(read).toBeLessThan(words(200).length / 2);
});

test('a model that thinks behind its headers has as long as for its first byte', async () => {
  const timeouts = { ...DEFAULT_TIMEOUTS, idle: 20 };
  const answer: Answer = async (response) => {
    response.flushHeaders();
    await setTimeout(200);
    response.end('at last');
  };
  expect(await pieces(answer, { timeouts })).toEqual({ taken: ['at last'], error: null });
});

test('hundreds who ask at once, and again, find their connections kept', async () => {
  const clients = 300;
  const everybody = gate();
  let asked = 0;
  await using upstream = await fakeUpstream(async (response) => {
    asked += 1;
    if (asked % clients === 0) everybody.open();
    await everybody.passed;
    response.end('done');
  });
  const { signal } = new AbortController();
  const url = new URL(upstream.origin);
  const ask = async () => {
    const post = { provider: 'openai', url, headers: {}, body: {}, timeouts: DEFAULT_TIMEOUTS, signal };
    for await (const piece of (await postJson(post)).pieces()) expect(piece.toString()).toBe('done');
  };
  const all = () => Promise.all(Array.from({ length: clients }, ask));
  await all();
  everybody.close();
  await all();
  const connections = new Set(upstream.requests.map(({ port }) => port));
  expect({ requests: upstream.requests.length, connections: connections.size }).toEqual({
    requests: 2 * clients,
    connections: clients,
  });
});

/** Nobody passes until it is opened. */
function gate() {
  let { promise, resolve } = Promise.withResolvers<void>();
  return {
    get passed() {
      return promise;
    },
    open: () => resolve(),
    close: () => {
      ({ promise, resolve } = Promise.withResolvers<void>());
    },
  };
}
