import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Outbox } from './outbox.ts';

/** Both ends of a connection over a real socket, so that the kernel's own room is a part of it. */
async function connection(stalled: number) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  client.on('error', () => undefined);
  onTestFinished(() => client.terminate());
  const [socket] = (await once(server, 'connection')) as [WebSocket];
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open');
  return { client, socket, outbox: new Outbox(socket, { stalled }) };
}

const frame = { type: 'stream', content: 'x'.repeat(50_000), run_id: 'r', seq: 1 } as const;
const MOST_BUFFERED = 64 * 1024 + 2 * 50_200;

test('a client that reads gets all, and one that pauses holds up the sender until it reads again', async () => {
  const { client, socket, outbox } = await connection(60_000);
  let received = 0;
  client.on('message', () => {
    received += 1;
  });
  client.pause();
  let sent = 0;
  const sending = (async () => {
    for (; sent < 400; sent += 1) await outbox.send(frame);
  })();
  // Whatever the kernel takes is taken; then this process holds no more than one batch.
  await expect.poll(() => socket.bufferedAmount, { timeout: 60_000 }).toBeGreaterThan(64 * 1024);
  expect(socket.bufferedAmount).toBeLessThan(MOST_BUFFERED);
  expect(sent).toBeLessThan(400);
  client.resume();
  await sending;
  await expect.poll(() => received, { timeout: 60_000 }).toBe(400);
});

test('a client that takes nothing for too long is cut, and its memory is given back', async () => {
  const { client, socket, outbox } = await connection(50);
  client.pause();
  const closed = once(socket, 'close');
  while (socket.readyState === WebSocket.OPEN) {
    await outbox.send(frame);
    expect(socket.bufferedAmount).toBeLessThan(MOST_BUFFERED);
  }
  await closed;
  expect(socket.bufferedAmount).toBeLessThan(MOST_BUFFERED);
  await outbox.send(frame);
});
