import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** How often a silent stream sends a comment, so that proxies keep it open, ms. */
const KEEP_ALIVE_MS = 15_000;
/** A client that takes nothing for this long is cut; it can come back with the last id that it saw, ms. */
const STALLED_MS = 60_000;

export type SseEvent = { id: number; event: string; data: string };

/**
 * Answers with server-sent events. Batches are pulled one by one: the next is asked for when the client has taken the last,
 * so a slow client holds one batch and no more. `openStream` tells the source when the client has gone.
 */
export async function sendEventStream(
  request: FastifyRequest,
  reply: FastifyReply,
  open: (signal: AbortSignal) => AsyncIterable<readonly SseEvent[]>,
): Promise<void> {
  const gone = new AbortController();
  const { raw } = reply;
  reply.hijack();
  raw.once('close', () => gone.abort());
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    connection: 'keep-alive',
  });
  raw.flushHeaders();
  const keepAlive = setInterval(() => {
    if (!raw.writableNeedDrain) raw.write(': keep-alive\n\n');
  }, KEEP_ALIVE_MS);
  try {
    for await (const batch of open(gone.signal)) {
      if (!raw.write(batch.map(frame).join(''))) await drained(request, reply, gone);
      if (gone.signal.aborted) break;
    }
  } catch (error) {
    if (!gone.signal.aborted) request.log.error({ err: error }, 'a stream broke off; its client can resume');
  } finally {
    clearInterval(keepAlive);
    raw.end();
  }
}

function frame({ id, event, data }: SseEvent): string {
  return `id: ${id}\nevent: ${event}\ndata: ${data}\n\n`;
}

async function drained({ log }: FastifyRequest, { raw }: FastifyReply, gone: AbortController): Promise<void> {
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(STALLED_MS)]);
  await once(raw, 'drain', { signal }).catch(() => undefined);
  if (signal.aborted && !gone.signal.aborted) {
    log.warn('a client took nothing for a minute; its stream was cut');
    gone.abort();
    raw.destroy();
  }
}
