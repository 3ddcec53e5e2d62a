import { describe, expect, test } from 'vitest';
import { NO_PROVIDERS } from './fake-settings.ts';
import { fakeUpstream, sendEvents, sendJson } from './http/fake-upstream.ts';
import { createModelRegistry } from './model-registry.ts';
import { request, stop, text } from './openai-compatible/fake-turn.ts';
import { keyedProviders, PROVIDER_KEY, registryWithOwnKeys } from './own-keys.ts';

describe('keys of one’s own', () => {
  test('go to the addresses that the installation has', () => {
    const usual = keyedProviders(NO_PROVIDERS);
    expect(usual.map(({ name }) => name)).toEqual(['anthropic', 'google', 'openai', 'openrouter']);
    const placed = { openaiBaseUrl: 'https://o.example/v1', googleBaseUrl: 'https://g.example' };
    const all = keyedProviders({ ...NO_PROVIDERS, ...placed, azureOpenaiBaseUrl: 'https://a.example' });
    const addressOf = Object.fromEntries(all.map(({ name, address }) => [name, address]));
    expect(addressOf).toMatchObject({
      azure: 'https://a.example',
      openai: 'https://o.example/v1',
      google: 'https://g.example',
    });
    expect(['a key of 8', 'short', 'line\nbreak'].map((key) => new RegExp(PROVIDER_KEY).test(key))).toEqual([
      false,
      false,
      false,
    ]);
  });

  test('take the place of the installation’s, and open providers that it has not', async () => {
    await using upstream = await fakeUpstream((response) => sendEvents(response, text('Hi'), stop, '[DONE]'));
    const settings = { ...NO_PROVIDERS, openaiApiKey: 'theirs', openaiBaseUrl: `${upstream.origin}/v1` };
    const installation = createModelRegistry(settings);
    const own = registryWithOwnKeys(settings, installation, { openai: 'mine', anthropic: 'mine', google: 'mine' });
    for (const registry of [installation, own]) {
      const model = registry.resolve('openai/m');
      await Array.fromAsync(model.stream(request()));
    }
    expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer theirs', 'Bearer mine']);
    expect(own.resolve('anthropic/claude-x').id).toBe('anthropic/claude-x');
    expect(own.resolve('google/gemini').id).toBe('google/gemini');
    expect(own.resolve(null).id).toBe(installation.resolve(null).id);
    const bare = registryWithOwnKeys(NO_PROVIDERS, createModelRegistry(NO_PROVIDERS), { openrouter: 'mine' });
    expect(bare.resolve('openrouter/x').id).toBe('openrouter/x');
  });

  test('pay for vectors only in the space that the documents are in', async () => {
    await using upstream = await fakeUpstream((response) =>
      sendJson(response, 200, { data: [{ index: 0, embedding: [1, 0] }], usage: { prompt_tokens: 1 } }),
    );
    const openaiBaseUrl = `${upstream.origin}/v1`;
    const shared = { ...NO_PROVIDERS, openaiApiKey: 'theirs', openaiBaseUrl, embeddingModel: 'e' };
    const elsewhere = { ...shared, embeddingBaseUrl: 'https://elsewhere.example/v1' };
    for (const settings of [shared, { ...shared, embeddingBaseUrl: openaiBaseUrl }]) {
      const own = registryWithOwnKeys(settings, createModelRegistry(settings), { openai: 'mine' });
      await own.embedder?.embed(['x'], new AbortController().signal);
    }
    expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer mine', 'Bearer mine']);
    const installation = createModelRegistry(elsewhere);
    const own = registryWithOwnKeys(elsewhere, installation, { openai: 'mine' });
    expect(own.embedder?.id).toBe(installation.embedder?.id);
    // A key of theirs must not bring another space of vectors with it.
    const without = createModelRegistry(NO_PROVIDERS);
    expect(
      registryWithOwnKeys({ ...NO_PROVIDERS, embeddingModel: 'e' }, without, { openai: 'mine' }).embedder,
    ).toBeNull();
  });
});
