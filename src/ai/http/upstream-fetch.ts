import type { Timeouts } from './deadline.ts';
import { type JsonPost, postJson } from './post-json.ts';
import { readText } from './read-text.ts';
import { LineTooLong, LONGEST_LINE } from './server-sent-events.ts';
import { modelError } from './upstream-error.ts';

/**
 * `fetch` for packages that speak to their provider themselves, over {@link postJson}: it follows no redirect, which would
 * carry the key elsewhere, hears every byte as a sign of life, and bounds what a broken provider can have it hold in memory.
 * It can only POST JSON.
 */
export function upstreamFetch({ provider, timeouts }: Pick<JsonPost, 'provider'> & { timeouts: Timeouts }) {
  return async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const left = new AbortController();
    const answer = await postJson({
      provider,
      url: new URL(String(url)),
      headers: Object.fromEntries(new Headers(init.headers)),
      body: String(init.body),
      timeouts,
      signal: init.signal ? AbortSignal.any([init.signal, left.signal]) : left.signal,
    });
    const { status } = answer;
    const headers = new Headers();
    for (const [name, value] of Object.entries(answer.headers)) headers.set(name, String(value));
    // What is no success has no stream, and 204 may not even have a body.
    if (status !== 200) return new Response((await readText(answer)) || null, { status, headers });
    const pieces = boundedLines(provider, answer.pieces());
    return new Response(
      streamOf(pieces, (reason) => left.abort(reason)),
      { status, headers },
    );
  };
}

/** As `ReadableStream.from`, which lets a reader who leaves wait for the next piece. */
function streamOf(pieces: AsyncGenerator<Buffer>, leave: (reason: unknown) => void): ReadableStream<Buffer> {
  const pull = async (controller: ReadableStreamDefaultController<Buffer>) => {
    const { done, value } = await pieces.next();
    if (done) controller.close();
    else controller.enqueue(value);
  };
  // Nothing is read ahead: what a busy caller has not taken stays in the network.
  return new ReadableStream({ pull, cancel: leave }, { highWaterMark: 0 });
}

/** The same pieces, as long as their lines come to an end. @throws ModelError */
async function* boundedLines(provider: string, pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let open = 0;
  for await (const piece of pieces) {
    const last = piece.lastIndexOf('\n');
    open = last === -1 ? open + piece.byteLength : piece.byteLength - last - 1;
    if (open > LONGEST_LINE) throw modelError(provider, 'protocol', new LineTooLong());
    yield piece;
  }
}
