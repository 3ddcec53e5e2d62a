import { type CircuitBreaker, CircuitOpen, type Permit } from '../../platform/resilience/circuit-breaker.ts';
import { around } from '../around.ts';
import { type ChatModel, ModelError } from '../chat-model.ts';
import type { Embedder } from '../embedder.ts';
import { isProviderFault, pausedError } from './model-faults.ts';

/** The same model behind a breaker that it shares with whatever else its provider offers. */
export function withCircuitBreaker(model: ChatModel, breaker: CircuitBreaker): ChatModel {
  return {
    id: model.id,
    around: (wrap) => withCircuitBreaker(around(model, wrap), breaker),
    async *stream(request) {
      const permit = enter(breaker, model.id);
      try {
        for await (const events of model.stream(request)) {
          permit.answered();
          yield events;
        }
        permit.succeeded();
      } catch (error) {
        settle(permit, error, request.signal);
        throw error;
      }
    },
  };
}

export function withEmbedderCircuitBreaker(embedder: Embedder, breaker: CircuitBreaker): Embedder {
  return {
    id: embedder.id,
    around: (wrap) => withEmbedderCircuitBreaker(around(embedder, wrap), breaker),
    async embed(texts, signal, onUsage) {
      const permit = enter(breaker, embedder.id);
      try {
        const vectors = await embedder.embed(texts, signal, onUsage);
        permit.succeeded();
        return vectors;
      } catch (error) {
        settle(permit, error, signal);
        throw error;
      }
    },
  };
}

function enter(breaker: CircuitBreaker, id: string): Permit {
  try {
    return breaker.enter();
  } catch (error) {
    throw error instanceof CircuitOpen ? pausedError(id, error) : error;
  }
}

/** A refusal (bad key, bad request, too many requests) proves that the provider is alive; an error of our own, such as a
 * budget that is used up, says nothing about it. */
function settle(permit: Permit, error: unknown, signal: AbortSignal): void {
  if (signal.aborted || !(error instanceof ModelError)) permit.abandoned();
  else if (isProviderFault(error)) permit.failed();
  else permit.succeeded();
}
