import type { EventLine, LoggedEvent } from '../../features/chat/index.ts';
import { isRefusal, runError } from './openai-error.ts';
import { eventOf } from './run-events.ts';

/** How long the head of a new answer's stream waits for its first word, ms. */
const FIRST_WORD_MS = 1_500;

type Batches = AsyncGenerator<readonly EventLine[]>;

const WORDS: ReadonlySet<LoggedEvent['type']> = new Set(['text-delta', 'tool-call', 'run-end']);

/**
 * The same batches, read ahead to the first word. What a provider refuses before it is thrown: behind the head of the stream
 * it could only be told in the stream, and OpenAI's clients know it as the status of the request.
 * @throws ApiError where the run ended with such a refusal
 */
export async function fromFirstWord(batches: Batches, patience: number = FIRST_WORD_MS): Promise<Batches> {
  const past: (readonly EventLine[])[] = [];
  const over = Promise.withResolvers<null>();
  const timer = setTimeout(() => over.resolve(null), patience);
  try {
    for (;;) {
      const coming = batches.next();
      // Should it fail when nobody reads any more, it is nobody's failure.
      coming.catch(() => undefined);
      const next = await Promise.race([coming, over.promise]);
      if (next === null || next.done) return replayed(past, coming, batches);
      past.push(next.value);
      const word = next.value.find(({ type }) => WORDS.has(type));
      if (word?.type === 'run-end') throwRefusal(eventOf(word));
      if (word) return replayed(past, null, batches);
    }
  } finally {
    clearTimeout(timer);
  }
}

function throwRefusal(end: LoggedEvent): void {
  if (end.type === 'run-end' && end.status === 'failed' && isRefusal(end.error)) throw runError(end.status, end.error);
}

async function* replayed(
  past: readonly (readonly EventLine[])[],
  coming: Promise<IteratorResult<readonly EventLine[], unknown>> | null,
  batches: Batches,
): Batches {
  try {
    yield* past;
    for (let next = await (coming ?? batches.next()); !next.done; next = await batches.next()) yield next.value;
  } finally {
    await batches.return(undefined);
  }
}
