import { retrying } from '../../platform/resilience/retrying.ts';
import { around } from '../around.ts';
import type { ChatModel, ModelEvent } from '../chat-model.ts';
import type { Embedder } from '../embedder.ts';
import { DEFAULT_RETRIES, modelRetries, type RetryPolicy } from './model-faults.ts';

/** The same model, asked again when it fails before its first event; after that, what was said can't be unsaid. */
export function withRetries(model: ChatModel, policy: RetryPolicy = DEFAULT_RETRIES): ChatModel {
  const options = modelRetries(policy);
  return {
    id: model.id,
    around: (wrap) => withRetries(around(model, wrap), policy),
    async *stream(request) {
      const begun = await retrying(() => begin(model.stream(request)), options, request.signal);
      yield* begun;
    },
  };
}

/** Waits for the first batch, so that a failure before it is thrown here. */
async function begin(stream: AsyncIterable<readonly ModelEvent[]>): Promise<AsyncIterable<readonly ModelEvent[]>> {
  const iterator = stream[Symbol.asyncIterator]();
  const first = await iterator.next();
  return (async function* () {
    try {
      for (let next = first; !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  })();
}

export function withEmbedderRetries(embedder: Embedder, policy: RetryPolicy = DEFAULT_RETRIES): Embedder {
  const options = modelRetries(policy);
  return {
    id: embedder.id,
    around: (wrap) => withEmbedderRetries(around(embedder, wrap), policy),
    embed: (texts, signal, onUsage) => retrying(() => embedder.embed(texts, signal, onUsage), options, signal),
  };
}
