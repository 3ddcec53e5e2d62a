import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { openHttpServer } from '../../../test/support/http-server.ts';

/** Sends a byte every 100 ms, never to an end, as slow-loris does; resolves with what the server says when it cuts. */
async function trickle(port: number, head: string): Promise<{ answer: string; after: number }> {
  const began = performance.now();
  const socket = createConnection(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(head);
  const drip = setInterval(() => socket.write('a'), 100);
  const answer = await text(socket).catch(() => '');
  clearInterval(drip);
  return { answer, after: performance.now() - began };
}

test('a hundred clients that trickle headers or bodies are cut, and others are served meanwhile', async () => {
  await using server = await openHttpServer(
    (app) => {
      app.post('/', async () => 'read');
      app.get('/', async () => 'here');
    },
    { bodyTimeout: 2_000 },
  );
  const body = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50000\r\n\r\n[';
  const heads = ['GET / HTTP/1.1\r\nhost: x\r\nx-slow: ', body];
  const slow = Array.from({ length: 100 }, (_, index) => trickle(server.port, heads[index % 2] ?? ''));
  const cut = Promise.all(slow);
  let served = 0;
  let over = false;
  void cut.finally(() => (over = true));
  while (!over) {
    const began = performance.now();
    expect((await fetch(server.address)).status).toBe(200);
    // Far above what it takes: only a server that serves nobody would be later.
    expect(performance.now() - began).toBeLessThan(5_000);
    served += 1;
  }
  expect(served).toBeGreaterThan(10);
  const all = await cut;
  const told = all.filter(({ answer }) => answer !== '');
  // Who still sends when the server has closed is reset, and may lose the answer on the way: not all can be told.
  expect(told.length).toBeGreaterThan(0);
  for (const { answer } of told) expect(answer).toMatch(/^HTTP\/1.1 408 [\s\S]*ERR_REQUEST_007/);
  for (const { after } of all) {
    expect(after).toBeGreaterThan(1_900);
    // Connections are looked at once a second.
    expect(after).toBeLessThan(20_000);
  }
});
