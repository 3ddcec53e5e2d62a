import {
  type ChatModel,
  ModelError,
  type ModelEvent,
  type ModelRequest,
  type TokenUsage,
} from '../../../ai/chat-model.ts';
import type { ModelPrice } from '../prices/price.ts';
import { type Cashier, isRefusal, type OpenCall, type Outcome } from './cashier.ts';
import type { Call } from './meter.ts';
import { bytesOf, estimatedTokens, inputTokens } from './token-bounds.ts';

/** One upstream request for each stream: paid before it begins, settled when it ends, however it ends. */
export function meteredModel(model: ChatModel, call: Call, cashier: Cashier, defaultMostOutput: number): ChatModel {
  return {
    id: model.id,
    async *stream(request) {
      const price = await cashier.priceOf(model.id, call);
      const bounded = withBound(request, price, defaultMostOutput);
      const input = inputTokens(bounded);
      const open = await cashier.open(model.id, call, price, {
        most: { inputTokens: input.most, outputTokens: bounded.maxOutputTokens ?? 0 },
        estimatedTokens: input.estimated,
        ownKey: model.paidBy === 'tenant',
      });
      const heard = new Heard(input.estimated);
      const ending = once(open);
      try {
        for await (const events of model.stream(bounded)) yield heard.listen(events, ending);
      } catch (error) {
        ending(heard.outcomeOf(error, request.signal));
        throw error;
      } finally {
        // Whoever listened went away, or the stream ended without its last event.
        ending({ kind: 'cut', estimate: heard.estimate() });
      }
    },
  };
}

/** The first outcome counts; those that follow only repeat what it cost. */
function once(open: OpenCall): (outcome: Outcome) => number | null {
  let settled: { costUsd: number | null } | null = null;
  return (outcome) => {
    settled ??= { costUsd: open.settle(outcome) };
    return settled.costUsd;
  };
}

/** A model with a price says no more than was reserved for it. One without may be a small server that refuses the bound. */
function withBound(request: ModelRequest, price: ModelPrice | null, defaultMost: number): ModelRequest {
  if (price === null || price.output === 0) return request;
  const most = Math.min(request.maxOutputTokens ?? defaultMost, price.maxOutput);
  return most === request.maxOutputTokens ? request : { ...request, maxOutputTokens: most };
}

/** What has been heard of an answer, for an estimate where the provider counts nothing. */
class Heard {
  readonly #inputTokens: number;
  #anything = false;
  #bytes = 0;

  /** @param inputTokens of the request, by estimate */
  constructor(inputTokens: number) {
    this.#inputTokens = inputTokens;
  }

  /** The same events; the last one ends the call and says what it cost. */
  listen(events: readonly ModelEvent[], ending: (outcome: Outcome) => number | null): readonly ModelEvent[] {
    this.#anything = true;
    let finished = false;
    for (const event of events) {
      if (event.type === 'text-delta') this.#bytes += bytesOf(event.delta);
      else if (event.type === 'tool-call') this.#bytes += bytesOf(JSON.stringify(event.toolCall.input) ?? '');
      else finished ||= event.type === 'finish';
    }
    return finished ? events.map((event) => this.#priced(event, ending)) : events;
  }

  #priced(event: ModelEvent, ending: (outcome: Outcome) => number | null): ModelEvent {
    if (event.type !== 'finish') return event;
    return { ...event, costUsd: ending({ kind: 'complete', usage: event.usage, estimate: this.estimate() }) };
  }

  estimate(): TokenUsage {
    return { inputTokens: this.#inputTokens, outputTokens: estimatedTokens(this.#bytes) };
  }

  /** A refusal or a failed connection costs nothing; whoever was cut off, by a time-out too, may have read everything. */
  outcomeOf(error: unknown, signal: AbortSignal): Outcome {
    const refused = error instanceof ModelError && !MAY_HAVE_WORKED.has(error.kind);
    if (!this.#anything && !signal.aborted && (refused || isRefusal(error))) return { kind: 'failed' };
    return { kind: 'cut', estimate: this.estimate() };
  }
}

const MAY_HAVE_WORKED: ReadonlySet<ModelError['kind']> = new Set(['timeout', 'protocol']);
