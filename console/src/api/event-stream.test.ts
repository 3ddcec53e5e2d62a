import { afterEach, expect, test, vi } from 'vitest';
import { logged } from '../../test/events.ts';
import { readEvents } from './event-stream.ts';
import type { RunEvent } from './types.ts';

afterEach(() => vi.useRealTimers());

const EVENTS = logged([
  { type: 'text-start', part_id: 'text-1' },
  { type: 'text-delta', part_id: 'text-1', delta: 'Ünïcödé 👋 نص' },
  { type: 'run-end', status: 'completed' },
]);

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

test.each([1, 2, 7, 4096])('events are read whole from pieces of %i bytes', async (size) => {
  const text = EVENTS.map((event) => `: note\nid: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`).join('');
  const bytes = bytesOf(text);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
  const read: RunEvent[] = [];
  for await (const event of readEvents(body)) read.push(event);
  expect(read).toEqual(EVENTS);
});

test('a connection that is open and silent for long is given up, and closed', async () => {
  vi.useFakeTimers();
  const cancelled = vi.fn();
  const body = new ReadableStream<Uint8Array>({ cancel: cancelled });
  const refused = expect(readEvents(body).next()).rejects.toThrow('silent');
  await vi.advanceTimersByTimeAsync(60_000);
  await refused;
  expect(cancelled).toHaveBeenCalledOnce();
});

test('comments keep a connection alive', async () => {
  vi.useFakeTimers();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const next = readEvents(readable).next();
  for (let minute = 0; minute < 3; minute += 1) {
    await vi.advanceTimersByTimeAsync(30_000);
    await writer.write(bytesOf(': alive\n\n'));
  }
  await writer.write(bytesOf(`data: ${JSON.stringify(EVENTS[0])}\n\n`));
  expect((await next).value).toEqual(EVENTS[0]);
});
