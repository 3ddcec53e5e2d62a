import { EventEmitter } from 'node:events';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { WebSocket } from '../../platform/http/web-socket.ts';
import type { ChatConnection } from './chat-connection.ts';
import { OpenConnections } from './open-connections.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const log = pino({ enabled: false });
const times = { alive: 30_000, credential: 10_000 };

/** A socket that closes when it is asked to, unless it is deaf, and the connection over it. */
function opened({ deaf = false } = {}) {
  const calls: string[] = [];
  const socket = new EventEmitter() as EventEmitter & Pick<WebSocket, 'close' | 'terminate'>;
  socket.close = (code) => {
    calls.push(`close ${code}`);
    if (!deaf) socket.emit('close');
  };
  socket.terminate = () => {
    calls.push('terminate');
    socket.emit('close');
  };
  const checkCredential = vi.fn(async () => true);
  const connection: Pick<ChatConnection, 'checkAlive' | 'checkCredential'> = {
    checkAlive: () => void calls.push('alive?'),
    checkCredential,
  };
  return { socket: socket as unknown as WebSocket, connection: connection as ChatConnection, calls, checkCredential };
}

test('every connection is asked whether it is there, and its credential whether it still counts', async () => {
  const connections = new OpenConnections(log, times);
  const [one, two] = [opened(), opened()];
  for (const { socket, connection } of [one, two]) connections.add(socket, connection);
  one.checkCredential.mockRejectedValueOnce(new Error('the database is away'));
  await vi.advanceTimersByTimeAsync(30_000);
  expect([one.checkCredential.mock.calls.length, two.checkCredential.mock.calls.length]).toEqual([3, 3]);
  expect([one.calls, two.calls]).toEqual([['alive?'], ['alive?']]);
  two.socket.terminate();
  await vi.advanceTimersByTimeAsync(30_000);
  expect([one.checkCredential.mock.calls.length, two.checkCredential.mock.calls.length]).toEqual([6, 3]);
  await connections.closeAll();
});

test('all are closed with 1012, and one that does not answer is not waited for', async () => {
  const connections = new OpenConnections(log, times);
  const [polite, deaf] = [opened(), opened({ deaf: true })];
  for (const { socket, connection } of [polite, deaf]) connections.add(socket, connection);
  let closed = false;
  const closing = connections.closeAll().then(() => {
    closed = true;
  });
  await vi.advanceTimersByTimeAsync(500);
  expect([closed, polite.calls, deaf.calls]).toEqual([false, ['close 1012'], ['close 1012']]);
  await vi.advanceTimersByTimeAsync(1_000);
  await closing;
  expect(deaf.calls).toEqual(['close 1012', 'terminate']);
});
