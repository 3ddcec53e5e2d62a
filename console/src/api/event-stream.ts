import { createParser } from 'eventsource-parser';
import type { RunEvent } from './types.ts';

/** The server sends a comment at least every 15 s; a connection silent for three times that is dead, though still open. */
const SILENCE_MS = 45_000;

/** The events of a run's stream as they come. Ends with the stream; throws when it breaks or falls silent. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<RunEvent> {
  const arrived: RunEvent[] = [];
  const parser = createParser({
    onEvent: ({ data }) => arrived.push(JSON.parse(data) as RunEvent),
  });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await unlessSilent(reader.read());
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* arrived.splice(0);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function unlessSilent<Result>(read: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('The stream fell silent.')), SILENCE_MS);
    read.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
