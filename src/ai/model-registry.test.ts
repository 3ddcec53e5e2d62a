import { describe, expect, it } from 'vitest';
import { createOutside } from '../platform/resilience/outside.ts';
import type { ModelRequest } from './chat-model.ts';
import { NO_PROVIDERS } from './fake-settings.ts';
import { type Answer, type FakeUpstream, fakeUpstream, sendJson } from './http/fake-upstream.ts';
import { createModelRegistry, UnknownModelError } from './model-registry.ts';
import { type ModelSettings, ModelSettingsError } from './providers.ts';

const all: ModelSettings = { ...NO_PROVIDERS, openaiApiKey: 'a', openrouterApiKey: 'b', anthropicApiKey: 'c' };

describe('createModelRegistry', () => {
  it('has the extractive model when nothing is configured', () => {
    const registry = createModelRegistry(NO_PROVIDERS);
    expect(registry.resolve(null).id).toBe('extractive');
    expect(registry.resolve('extractive').id).toBe('extractive');
    expect(registry.list()).toEqual([{ id: 'extractive', provider: 'extractive' }]);
    expect(registry.embedder).toBeNull();
  });

  it.each([
    ['openai/gpt-x', 'openai/gpt-x'],
    ['openrouter/google/gemini-x', 'openrouter/google/gemini-x'],
    ['anthropic/claude-x', 'anthropic/claude-x'],
    ['gpt-x', 'openai/gpt-x'],
  ])('resolves %s to %s', (name, id) => {
    expect(createModelRegistry(all).resolve(name).id).toBe(id);
  });

  it.each([
    [{ ...all }, 'openai/'],
    [{ ...all, openaiApiKey: null }, 'openrouter/'],
    [{ ...all, openaiApiKey: null, openrouterApiKey: null }, 'anthropic/'],
    [{ ...NO_PROVIDERS, openaiBaseUrl: 'http://localhost:11434/v1' }, 'openai/'],
  ])('takes the default from the first provider that is configured', (settings, prefix) => {
    expect(createModelRegistry(settings).resolve(null).id.startsWith(prefix)).toBe(true);
  });

  it('takes the default model that is set, whatever the providers', () => {
    expect(createModelRegistry({ ...all, defaultModel: 'extractive' }).resolve(null).id).toBe('extractive');
    const registry = createModelRegistry({ ...all, defaultModel: 'anthropic/claude-x', fallbackModels: ['gpt-x'] });
    expect(registry.list().map(({ id }) => id)).toEqual(['anthropic/claude-x', 'openai/gpt-x', 'extractive']);
  });

  it.each(['mistral/large', 'openai/', '/x', 'openai/a b', `openai/${'x'.repeat(201)}`, ''])(
    'says what is configured when %j is unknown',
    (name) => {
      expect(() => createModelRegistry(all).resolve(name)).toThrow(UnknownModelError);
      expect(() => createModelRegistry(all).resolve(name)).toThrow('openai/…, openrouter/…, anthropic/…, extractive');
    },
  );

  it('refuses a bare name when there is no provider', () => {
    expect(() => createModelRegistry(NO_PROVIDERS).resolve('gpt-x')).toThrow('configured are: extractive.');
  });

  it('refuses settings that contradict each other', () => {
    expect(() => createModelRegistry({ ...NO_PROVIDERS, defaultModel: 'openai/gpt-x' })).toThrow(UnknownModelError);
    expect(() => createModelRegistry({ ...NO_PROVIDERS, embeddingModel: 'e' })).toThrow(ModelSettingsError);
    expect(() => createModelRegistry({ ...NO_PROVIDERS, anthropicApiKey: 'k', embeddingModel: 'e' })).toThrow(
      'set EMBEDDING_BASE_URL',
    );
    expect(() => createModelRegistry({ ...NO_PROVIDERS, openaiApiKey: 'a\nb' })).toThrow(
      'OPENAI_API_KEY has a character',
    );
  });

  it.each([
    [{ ...all, embeddingModel: 'text-embedding-x' }, 'openai/text-embedding-x'],
    [{ ...all, embeddingModel: 'openrouter/qwen/e' }, 'openrouter/qwen/e'],
    [{ ...NO_PROVIDERS, anthropicApiKey: 'c', embeddingModel: 'e', embeddingApiKey: 'k' }, 'openai/e'],
    [{ ...all, embeddingModel: 'nomic/e', embeddingBaseUrl: 'http://localhost:11434/v1' }, 'embedding/nomic/e'],
  ])('finds the embedder', (settings, id) => {
    expect(createModelRegistry(settings).embedder?.id).toBe(id);
  });

  it('finds the embedder that is to follow, at the same server unless another is set', async () => {
    const vectors: Answer = (response) => sendJson(response, 200, { data: [{ index: 0, embedding: [1] }] });
    await using one = await fakeUpstream(vectors);
    await using other = await fakeUpstream(vectors);
    const current = { ...NO_PROVIDERS, embeddingModel: 'e', embeddingBaseUrl: one.origin, embeddingApiKey: 'a' };
    const settings = [
      { ...current, nextEmbeddingModel: 'next' },
      { ...current, nextEmbeddingModel: 'next', nextEmbeddingBaseUrl: other.origin },
      { ...current, nextEmbeddingModel: 'next', nextEmbeddingBaseUrl: other.origin, nextEmbeddingApiKey: 'b' },
    ];
    for (const each of settings) {
      const { nextEmbedder } = createModelRegistry(each);
      expect(nextEmbedder?.id).toBe('embedding/next');
      await nextEmbedder?.embed(['text'], new AbortController().signal);
    }
    expect(one.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer a']);
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer b']);
    expect(() => createModelRegistry({ ...current, nextEmbeddingModel: 'e' })).toThrow('must be another model');
    expect(() => createModelRegistry({ ...NO_PROVIDERS, nextEmbeddingModel: 'next' })).toThrow('needs EMBEDDING_MODEL');
  });

  it('keeps what it learnt of the models in use, and not of all names that were ever asked for', () => {
    const registry = createModelRegistry(all);
    for (let count = 0; count < 250; count += 1) expect(registry.resolve(`m${count}`).id).toBe(`openai/m${count}`);
  });

  it('tells of what it does by itself', async () => {
    await using upstream = await fakeUpstream((response) => sendJson(response, 503, {}));
    const told: unknown[] = [];
    const registry = createModelRegistry(
      { ...NO_PROVIDERS, openaiBaseUrl: upstream.origin, fallbackModels: ['extractive', 'openai/gpt-x'] },
      {
        retries: { wait: async () => {}, attempts: 2 },
        onRetry: (_, attempt) => told.push(attempt),
        onFallback: ({ kind }, from, to) => told.push([kind, from, to]),
      },
    );
    const { signal } = new AbortController();
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    const request: ModelRequest = { instructions: null, messages, passages: null, signal };
    await Array.fromAsync(registry.resolve('openai/gpt-x').stream(request));
    expect(told).toEqual([1, ['unavailable', 'openai/gpt-x', 'extractive']]);
  });

  it('gives a key to the server that it was set for, and to no other', async () => {
    const vectors: Answer = (response) => sendJson(response, 200, { data: [{ index: 0, embedding: [1] }] });
    await using one = await fakeUpstream(vectors);
    await using other = await fakeUpstream(vectors);
    const openai = { ...NO_PROVIDERS, openaiApiKey: 'a', openaiBaseUrl: `${one.origin}/v1`, embeddingModel: 'e' };
    const settings: ModelSettings[] = [
      openai,
      { ...openai, embeddingBaseUrl: `${one.origin}/v2` },
      { ...openai, embeddingBaseUrl: other.origin },
      { ...openai, embeddingBaseUrl: other.origin, embeddingApiKey: 'b' },
      { ...openai, embeddingApiKey: 'b' },
    ];
    for (const each of settings) {
      await createModelRegistry(each).embedder?.embed(['text'], new AbortController().signal);
    }
    const keys = (upstream: FakeUpstream) => upstream.requests.map(({ headers }) => headers.authorization);
    expect(keys(one)).toEqual(['Bearer a', 'Bearer a', 'Bearer b']);
    expect(keys(other)).toEqual([undefined, 'Bearer b']);
  });

  it('puts a model behind retries, breaker and fallback', async () => {
    const circuits: string[] = [];
    await using upstream = await fakeUpstream((response) => sendJson(response, 503, {}));
    const outside = createOutside({ onCircuit: (name, state) => circuits.push(`${name} ${state}`) });
    const registry = createModelRegistry(
      { ...NO_PROVIDERS, openaiBaseUrl: upstream.origin, fallbackModels: ['extractive'] },
      {
        retries: { wait: async () => {} },
        breaker: (provider) => outside.breaker(provider, 'model'),
      },
    );
    const ask = async () => {
      const messages = [{ role: 'user' as const, content: 'Hello' }];
      const { signal } = new AbortController();
      const request: ModelRequest = { instructions: null, messages, passages: null, signal };
      return (await Array.fromAsync(registry.resolve(null).stream(request))).flat()[0];
    };
    expect(await ask()).toEqual({ type: 'fallback', model: 'extractive' });
    expect(await ask()).toEqual({ type: 'fallback', model: 'extractive' });
    expect(circuits).toEqual(['openai open']);
    await ask();
    expect(upstream.requests).toHaveLength(5);
  });
});
