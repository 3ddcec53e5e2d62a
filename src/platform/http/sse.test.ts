import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import { describe, expect, test } from 'vitest';
import { openHttpServer, type TestHttpServer } from '../../../test/support/http-server.ts';
import { type SseEvent, StreamCut, type StreamTimes, sendEventStream } from './sse.ts';

type Source = (signal: AbortSignal) => AsyncIterable<readonly SseEvent[]>;
type Streaming = TestHttpServer & { replies: FastifyReply[] };

async function openStreaming(source: Source, times?: StreamTimes, requestTimeout = 10_000): Promise<Streaming> {
  const replies: FastifyReply[] = [];
  const server = await openHttpServer(
    (app) => {
      app.get('/stream', async (request, reply) => {
        replies.push(reply);
        await sendEventStream(request, reply, source, times);
        return reply;
      });
    },
    { requestTimeout },
  );
  return Object.assign(server, { replies });
}

const event = (id: number, data = '{}'): SseEvent => ({ id, event: 'tick', data });
const frame = (id: number, data = '{}') => `id: ${id}\nevent: tick\ndata: ${data}\n\n`;

/** What came, and whether the stream then ended, rather than broke off. */
async function readAll(address: string): Promise<{ value: string; ended: boolean }> {
  let value = '';
  try {
    const response = await fetch(`${address}/stream`);
    for await (const piece of (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()))
      value += piece;
    return { value, ended: true };
  } catch {
    return { value, ended: false };
  }
}

describe('a stream of events', () => {
  test('is sent as the standard says, batch by batch, and ends', async () => {
    await using server = await openStreaming(async function* () {
      yield [event(1, '{"text":"ä\\n"}'), event(2)];
      yield [event(3)];
    });
    const response = await fetch(`${server.address}/stream`, { headers: { 'x-request-id': 'mine' } });
    expect(await response.text()).toBe(frame(1, '{"text":"ä\\n"}') + frame(2) + frame(3));
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-request-id': 'mine',
    });
  });

  test('begins before its first event is there', async () => {
    const first = Promise.withResolvers<void>();
    await using server = await openStreaming(async function* () {
      await first.promise;
      yield [event(1)];
    });
    const response = await fetch(`${server.address}/stream`);
    first.resolve();
    expect(await response.text()).toBe(frame(1));
  });

  test('may last longer than any other answer', async () => {
    await using server = await openStreaming(
      async function* () {
        for (let id = 1; id <= 3; id += 1) {
          yield [event(id)];
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      },
      undefined,
      50,
    );
    const response = await fetch(`${server.address}/stream`);
    expect(await response.text()).toBe(frame(1) + frame(2) + frame(3));
  });

  test('says that it lives while nothing happens', async () => {
    const enough = Promise.withResolvers<void>();
    await using server = await openStreaming(
      async function* () {
        await enough.promise;
        yield [event(1)];
      },
      { keepAlive: 10, stalled: 10_000 },
    );
    const response = await fetch(`${server.address}/stream`);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const { value } = await reader.read();
    expect(Buffer.from(value ?? []).toString()).toBe(': keep-alive\n\n');
    enough.resolve();
  });

  test('that breaks off looks like it to its client and is logged, and its server goes on', async () => {
    await using server = await openStreaming(async function* () {
      yield [event(1)];
      throw new Error('the source broke');
    });
    const { value, ended } = await readAll(server.address);
    expect({ value, ended }).toEqual({ value: frame(1), ended: false });
    expect(server.log.saying('a stream broke off; its client can resume')).toHaveLength(1);
    expect((await fetch(`${server.address}/nothing`)).status).toBe(404);
  });

  test('that is cut because its server ends looks so to its client, and is nothing to log', async () => {
    await using server = await openStreaming(async function* () {
      yield [event(1)];
      throw new StreamCut();
    });
    expect(await readAll(server.address)).toEqual({ value: frame(1), ended: false });
    expect(server.log.saying('a stream broke off; its client can resume')).toEqual([]);
  });

  test('tells its source when its client has gone, while that waits', async () => {
    const gone = Promise.withResolvers<void>();
    await using server = await openStreaming(async function* (signal) {
      yield [event(1)];
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      gone.resolve();
    });
    const client = new AbortController();
    const response = await fetch(`${server.address}/stream`, { signal: client.signal });
    await (response.body as ReadableStream).getReader().read();
    client.abort();
    await gone.promise;
  });

  test('that is asked for by HEAD is a head, and keeps nothing behind it waiting', async () => {
    await using server = await openStreaming(async function* (signal) {
      yield [event(1)];
      if (!signal.aborted) await once(signal, 'abort');
    });
    const socket = createConnection(server.port, '127.0.0.1');
    socket.write(
      'HEAD /stream HTTP/1.1\r\nhost: x\r\n\r\nGET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    );
    const received = (await Array.fromAsync(socket.setEncoding('latin1'))).join('');
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404']);
    expect(received).not.toContain('event: tick');
  });

  test('tells its source, too, when its client had gone before it began', async () => {
    const asked = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    await using server = await openHttpServer((app) => {
      app.get('/late', async (request, reply) => {
        const left = once(reply.raw, 'close');
        asked.resolve();
        await left;
        await sendEventStream(request, reply, async function* (signal) {
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          gone.resolve();
          yield [];
        });
        return reply;
      });
    });
    const client = new AbortController();
    const answer = fetch(`${server.address}/late`, { signal: client.signal }).catch(() => 'left');
    await asked.promise;
    client.abort();
    expect(await answer).toBe('left');
    await Promise.race([gone.promise, refuseAfter(2_000)]);
  });
});

async function refuseAfter(ms: number): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  throw new Error('nobody told it');
}

test('garbage on the connection of a stream ends it, and nothing is written into it', async () => {
  await using server = await openStreaming(async function* (signal) {
    yield [event(1)];
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  });
  const socket = createConnection(server.port, '127.0.0.1');
  socket.write('GET /stream HTTP/1.1\r\nhost: x\r\n\r\n');
  let received = '';
  socket.on('error', () => undefined);
  for await (const chunk of socket) {
    received += chunk;
    if (received.includes('id: 1')) socket.write('NO HTTP\r\n\r\n');
  }
  expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
});

const BATCH_BYTES = 64 * 1024;
const BATCHES = 512;

/** 32 MB, more than the buffers of both sides of a connection. */
function largeSource(pulled: { count: number }): Source {
  const data = 'x'.repeat(BATCH_BYTES);
  return async function* () {
    for (let id = 1; id <= BATCHES; id += 1) {
      pulled.count = id;
      yield [event(id, data)];
    }
  };
}

/** Asks for the stream and reads nothing until told to. */
function connectWithoutReading({ port }: Streaming): Socket {
  const socket = createConnection(port, '127.0.0.1');
  socket.pause();
  socket.write('GET /stream HTTP/1.1\r\nhost: x\r\n\r\n');
  return socket;
}

/** Resolves once the server holds back, and has held back for some turns of the event loop. */
async function untilHeldBack({ replies }: Streaming, pulled: { count: number }): Promise<void> {
  for (let seen = -1, turns = 0; turns < 100; turns += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (pulled.count !== seen || !replies[0]?.raw.writableNeedDrain) turns = 0;
    seen = pulled.count;
  }
}

describe('a client that does not read', () => {
  test('holds back the source, and gets everything in order once it reads', async () => {
    const pulled = { count: 0 };
    await using server = await openStreaming(largeSource(pulled));
    const socket = connectWithoutReading(server);
    await untilHeldBack(server, pulled);
    expect(pulled.count).toBeLessThan(BATCHES / 2);
    expect(server.replies[0]?.raw.writableLength).toBeLessThan(3 * BATCH_BYTES);

    const chunks: string[] = [];
    socket.setEncoding('latin1');
    for await (const chunk of socket) {
      chunks.push(chunk);
      if (chunks.slice(-5).join('').endsWith('0\r\n\r\n')) break;
    }
    const ids = [...chunks.join('').matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids).toEqual(Array.from({ length: BATCHES }, (_, index) => index + 1));
  });

  test('is cut in the end, and its source is left', async () => {
    const pulled = { count: 0 };
    await using server = await openStreaming(largeSource(pulled), { keepAlive: 10_000, stalled: 50 });
    const socket = connectWithoutReading(server);
    await expect.poll(() => server.replies[0]?.raw.destroyed, { timeout: 60_000 }).toBe(true);
    expect(pulled.count).toBeLessThan(BATCHES / 2);
    expect(server.log.saying('a client took nothing for too long; its stream was cut')).toHaveLength(1);
    socket.destroy();
  });

  test('and goes away leaves nothing behind', async () => {
    const pulled = { count: 0 };
    const left = Promise.withResolvers<void>();
    const source: Source = async function* (signal) {
      try {
        yield* largeSource(pulled)(signal);
      } finally {
        left.resolve();
      }
    };
    await using server = await openStreaming(source);
    const socket = connectWithoutReading(server);
    await untilHeldBack(server, pulled);
    socket.destroy();
    await left.promise;
    expect(pulled.count).toBeLessThan(BATCHES / 2);
    expect(server.log.all.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
