import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { openHttpServer } from '../../test/support/http-server.ts';
import { shedLoad } from './load-shedding.ts';

/** Keeps the event loop from everything else. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

type Answer = { status: number; retryAfter: string | null; after: number };

/** All at once, from a thread: a client that shares the server's event loop would wait for it and ask slowly. */
async function askFromOutside(url: string, count: number): Promise<Answer[]> {
  const program = `
    const { parentPort, workerData: { url, count } } = require('node:worker_threads');
    const agent = new (require('node:http').Agent)({ maxSockets: Infinity });
    const ask = () => new Promise((resolve, reject) => {
      const began = performance.now();
      require('node:http').get(url, { agent }, (reply) => {
        const { statusCode: status, headers } = reply;
        const done = () => resolve({ status, retryAfter: headers['retry-after'] ?? null, after: performance.now() - began });
        reply.resume().on('end', done);
      }).on('error', reject);
    });
    Promise.all(Array.from({ length: count }, ask)).then((answers) => parentPort.postMessage(answers));`;
  const worker = new Worker(program, { eval: true, workerData: { url, count } });
  const [answers] = (await once(worker, 'message')) as [Answer[]];
  await worker.terminate();
  return answers;
}

const idle = { waiting: () => 0 };

describe('load shedding', () => {
  test('of a thousand costly requests at once, those that are accepted are answered soon and the rest are told to come back', async () => {
    await using server = await openHttpServer((app) => {
      shedLoad(app, idle, { overloadDelay: 200, overloadQueries: 10 });
      app.get('/costly', async () => block(5));
    });
    const answers = await askFromOutside(`${server.address}/costly`, 1_000);
    const accepted = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 503);
    expect(accepted.length + refused.length).toBe(1_000);
    expect(accepted.length).toBeGreaterThan(30);
    expect(refused.length).toBeGreaterThan(100);
    for (const { retryAfter } of refused) expect(Number(retryAfter)).toBeGreaterThan(0);
    // Without it, the last of a thousand is answered after five seconds.
    expect(Math.max(...accepted.map(({ after }) => after))).toBeLessThan(20_000);
    await expect.poll(async () => (await fetch(`${server.address}/costly`)).status).toBe(200);
  });

  test('a stop that is over refuses nobody', async () => {
    await using server = await openHttpServer((app) => {
      shedLoad(app, idle, { overloadDelay: 50, overloadQueries: 10 });
      app.get('/', async () => 'here');
    });
    await fetch(server.address);
    const asked = fetch(server.address);
    block(300);
    expect((await asked).status).toBe(200);
  });

  test('while too many wait for the database, requests are refused, probes are not', async () => {
    let waiting = 11;
    await using server = await openHttpServer((app) => {
      shedLoad(app, { waiting: () => waiting }, { overloadDelay: 1_000, overloadQueries: 10 });
      for (const url of ['/', '/health/live', '/metrics']) app.get(url, async () => 'here');
    });
    const refused = await fetch(server.address);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: 'ERR_SERVER_004' });
    for (const probe of ['/health/live', '/metrics']) expect((await fetch(server.address + probe)).status).toBe(200);
    waiting = 10;
    expect((await fetch(server.address)).status).toBe(200);
  });
});
