import { describe, expect, test } from 'vitest';
import { circuitBreaker } from '../platform/resilience/circuit-breaker.ts';
import { around } from './around.ts';
import { batchedEmbedder } from './batched-embedder.ts';
import { type ChatModel, ModelError } from './chat-model.ts';
import type { Embedder } from './embedder.ts';
import { hashEmbedder, scriptedModel } from './fakes.ts';
import { DEFAULT_RETRIES } from './resilience/model-faults.ts';
import { withCircuitBreaker, withEmbedderCircuitBreaker } from './resilience/with-circuit-breaker.ts';
import { withFallback } from './resilience/with-fallback.ts';
import { withEmbedderRetries, withRetries } from './resilience/with-retries.ts';

const unavailable = new ModelError('unavailable', 'away');
const AT_ONCE = { ...DEFAULT_RETRIES, wait: async () => undefined };
const request = () => ({ instructions: null, messages: [], passages: null, signal: new AbortController().signal });

describe('wrapping each upstream request', () => {
  test('of a model: one for each try, under the name of the model that is asked', async () => {
    const failing = scriptedModel([{ fail: unavailable }], { id: 'fake/first' });
    const answering = scriptedModel(['Hello'], { id: 'fake/second' });
    const layered = withFallback([
      withRetries(withCircuitBreaker(failing, circuitBreaker()), AT_ONCE),
      withRetries(withCircuitBreaker(answering, circuitBreaker()), AT_ONCE),
    ]);
    const asked: string[] = [];
    const counting = (one: ChatModel): ChatModel => ({
      id: one.id,
      stream: (given) => {
        asked.push(one.id);
        return one.stream(given);
      },
    });
    const events = (await Array.fromAsync(around(layered, counting).stream(request()))).flat();
    expect(asked).toEqual(['fake/first', 'fake/first', 'fake/first', 'fake/second']);
    expect(events).toContainEqual({ type: 'text-delta', delta: 'Hello' });
  });

  test('of an embedder: one for each batch and each try', async () => {
    let failures = 1;
    const flaky = hashEmbedder({ fail: () => (failures-- > 0 ? unavailable : null) });
    const layered = batchedEmbedder(withEmbedderRetries(withEmbedderCircuitBreaker(flaky, circuitBreaker()), AT_ONCE), {
      texts: 2,
      characters: 1_000,
    });
    const asked: number[] = [];
    const counting = (one: Embedder): Embedder => ({
      id: one.id,
      embed: (texts, ...more) => {
        asked.push(texts.length);
        return one.embed(texts, ...more);
      },
    });
    const vectors = await around(layered, counting).embed(['a', 'b', 'c'], new AbortController().signal);
    expect(vectors).toHaveLength(3);
    expect(asked).toEqual([2, 2, 1]);
  });

  test('an error of our own, thrown in between, says nothing about the provider', async () => {
    const breaker = circuitBreaker({ failures: 1 });
    const refusing = (one: ChatModel): ChatModel => ({
      id: one.id,
      // biome-ignore lint/correctness/useYield: it fails before it says anything.
      stream: async function* () {
        throw new Error('no budget');
      },
    });
    const layered = around(withCircuitBreaker(scriptedModel(['Hello']), breaker), refusing);
    await expect(Array.fromAsync(layered.stream(request()))).rejects.toThrow('no budget');
    expect(breaker.state).toBe('closed');
  });
});
