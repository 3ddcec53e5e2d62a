import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Chat, EventLine, LoggedEvent } from '../../features/chat/index.ts';
import { type SseEvent, STREAM_OVER, sendEventStream } from '../../platform/http/sse.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';
import { fromFirstWord } from './first-word.ts';
import { eventOf } from './run-events.ts';

/** Why a stream ends before its run. */
export const STREAM_CUT =
  'The stream ends before the answer does: its server is shutting down, or the answer was deleted.';

export type RunRendering = {
  /** Whether the run was begun by this request. */
  isNew: boolean;
  render: (event: LoggedEvent) => readonly SseEvent[];
  /** What is told where the run goes on, or is gone, and this stream of it ends: OpenAI's clients take a clean end for the whole. */
  cut: () => SseEvent;
};

/** Sends a run's events, each as what `render` makes of it, until the run ends or the client goes; the run goes on then.
 * @throws ApiError where a new run is refused before its first word */
export async function streamRun(
  { chat, metrics }: { chat: Chat; metrics: Metrics },
  request: FastifyRequest,
  reply: FastifyReply,
  runId: string,
  { isNew, render, cut }: RunRendering,
): Promise<FastifyReply> {
  const source = new AbortController();
  // Before the stream opens, so that a refusal is an error and not an empty stream.
  const all = await chat.runs.follow(request.principal, runId, 0, source.signal);
  request.signal.addEventListener('abort', () => source.abort(STREAM_OVER), { once: true });
  const leave = (refusal: unknown) => {
    source.abort(STREAM_OVER);
    throw refusal;
  };
  const lines = isNew ? await fromFirstWord(all).catch(leave) : all;
  metrics.openStreams.inc();
  await sendEventStream(request, reply, (gone) => {
    gone.addEventListener('abort', () => source.abort(STREAM_OVER), { once: true });
    return rendered(lines, { render, cut });
  }).finally(() => {
    source.abort(STREAM_OVER);
    metrics.openStreams.dec();
  });
  return reply;
}

async function* rendered(
  batches: AsyncIterable<readonly EventLine[]>,
  { render, cut }: Pick<RunRendering, 'render' | 'cut'>,
): AsyncGenerator<SseEvent[]> {
  for await (const lines of batches) {
    const frames = lines.flatMap((line) => render(eventOf(line)));
    if (frames.length > 0) yield frames;
    if (lines.at(-1)?.type === 'run-end') return;
  }
  yield [cut()];
}
