import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { whenClosed } from './when-closed.ts';

export type StreamTimes = {
  /** How often a silent stream sends a comment, so that proxies keep it open, ms. */
  keepAlive: number;
  /** A client that takes nothing for this long is cut; it can come back with the last id that it saw, ms. */
  stalled: number;
};

const DEFAULT_TIMES: StreamTimes = { keepAlive: 15_000, stalled: 60_000 };

/** How long the answer's head waits for the first events, ms. */
const ANNOUNCE_MS = 5;

/** Why the source of a stream is to stop. One for all: an error of its own would be made, with its stack, for each stream. */
export const STREAM_OVER: Error = new Error('The stream is over.');

/** Thrown by a source that dries up before its stream is whole, because this process ends: no failure, but no end either. */
export class StreamCut extends Error {
  constructor() {
    super('The stream is cut; it goes on elsewhere.');
    this.name = 'StreamCut';
  }
}

/** Some dialects have no ids or names for their events. */
export type SseEvent = { id?: number; event?: string; data: string };

/**
 * Answers with server-sent events. Batches are pulled one by one: the next is asked for when the client has taken the last,
 * so a slow client holds one batch and no more. The signal tells the source when the client has gone. Where the source fails,
 * the connection is broken off: a client would take a clean end for the whole.
 */
export async function sendEventStream(
  request: FastifyRequest,
  reply: FastifyReply,
  open: (signal: AbortSignal) => AsyncIterable<readonly SseEvent[]>,
  times: StreamTimes = DEFAULT_TIMES,
): Promise<void> {
  const gone = new AbortController();
  const { raw } = reply;
  reply.hijack();
  whenClosed(raw, () => gone.abort(STREAM_OVER));
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    connection: 'keep-alive',
  });
  // With the first events, where they are there at once: one packet less. Otherwise the client learns now that it is heard.
  const announced = setTimeout(() => raw.flushHeaders(), ANNOUNCE_MS);
  const keepAlive = setInterval(() => {
    if (!raw.writableNeedDrain) raw.write(': keep-alive\n\n');
  }, times.keepAlive);
  try {
    const batches = open(gone.signal);
    // It asks for nothing behind the head, and is not to wait for it.
    if (request.method === 'HEAD') gone.abort(STREAM_OVER);
    for await (const batch of batches) {
      if (!raw.write(batch.map(frame).join(''))) await drained(request, reply, gone, times.stalled);
      if (gone.signal.aborted) break;
    }
  } catch (error) {
    if (gone.signal.aborted) return;
    if (!(error instanceof StreamCut)) request.log.error({ err: error }, 'a stream broke off; its client can resume');
    // What was written goes out first; the last chunk, which says that this was all, does not.
    raw.socket?.destroySoon();
  } finally {
    clearTimeout(announced);
    clearInterval(keepAlive);
    if (!raw.socket?.writableEnded) raw.end();
  }
}

function frame({ id, event, data }: SseEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}data: ${data}\n\n`;
}

async function drained(
  { log }: FastifyRequest,
  { raw }: FastifyReply,
  gone: AbortController,
  stalled: number,
): Promise<void> {
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(stalled)]);
  await once(raw, 'drain', { signal }).catch(() => undefined);
  if (signal.aborted && !gone.signal.aborted) {
    log.warn({ waited_ms: stalled }, 'a client took nothing for too long; its stream was cut');
    gone.abort(STREAM_OVER);
    raw.destroy();
  }
}
