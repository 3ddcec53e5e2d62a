import { around } from '../around.ts';
import { type ChatModel, ModelError, type ModelEvent, type ModelRequest } from '../chat-model.ts';

export type FallbackOptions = { onFallback?: (error: ModelError, from: string, to: string) => void };

/** Asks the next model when one fails before its first event. Refused requests are not passed on: they are our own fault,
 * and the next model would hide it. The result has the first model's id; a `fallback` event names the one that answers. */
export function withFallback(models: readonly [ChatModel, ...ChatModel[]], options: FallbackOptions = {}): ChatModel {
  return {
    id: models[0].id,
    around: (wrap) => {
      const [first, ...others] = models;
      return withFallback([around(first, wrap), ...others.map((model) => around(model, wrap))], options);
    },
    async *stream(request) {
      let begun = false;
      for (const [index, model] of models.entries()) {
        const next = models[index + 1];
        try {
          for await (const events of announced(model, index, request)) {
            begun = true;
            yield events;
          }
          return;
        } catch (error) {
          if (begun || next === undefined || !mayPassOn(error, request.signal)) throw error;
          options.onFallback?.(error, model.id, next.id);
        }
      }
    },
  };
}

/** The stream of `model`, behind an event that names it when it is not the one that was asked. */
async function* announced(
  model: ChatModel,
  index: number,
  request: ModelRequest,
): AsyncGenerator<readonly ModelEvent[]> {
  let silent = index > 0;
  for await (const events of model.stream(request)) {
    if (silent) yield [{ type: 'fallback', model: model.id }];
    silent = false;
    yield events;
  }
}

function mayPassOn(error: unknown, signal: AbortSignal): error is ModelError {
  return !signal.aborted && error instanceof ModelError && error.kind !== 'bad-request';
}
