import { describe, expect, it } from 'vitest';
import type { ModelEvent } from './chat-model.ts';
import { NO_PROVIDERS } from './fake-settings.ts';
import { fakeUpstream, sendEvents } from './http/fake-upstream.ts';
import { createModelRegistry } from './model-registry.ts';
import { request, said, stop, text } from './openai-compatible/fake-turn.ts';
import type { ModelSettings } from './providers.ts';

const TOOL = { name: 'look', description: 'Looks.', inputSchema: { type: 'object' } };

/** A call in two pieces beside another one, as OpenAI, Azure and Gemini stream them. */
const pieces = [
  { index: 0, id: 'call_a', type: 'function', function: { name: 'look', arguments: '{"at":' } },
  { index: 1, id: 'call_b', type: 'function', function: { name: 'look', arguments: '{"at": 2' } },
  { index: 0, function: { arguments: ' 1}' } },
].map((call) => ({ choices: [{ index: 0, delta: { tool_calls: [call] }, finish_reason: null }] }));
const called = { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] };

describe.each([
  { provider: 'azure', model: 'my-deployment', path: '/openai/v1/chat/completions', key: 'api-key', value: 'k' },
  { provider: 'google', model: 'gemini-2.5-flash', path: '/chat/completions', key: 'authorization', value: 'Bearer k' },
])('$provider', ({ provider, model, path, key, value }) => {
  const settingsAt = (origin: string): ModelSettings =>
    provider === 'azure'
      ? { ...NO_PROVIDERS, azureOpenaiApiKey: 'k', azureOpenaiBaseUrl: origin }
      : { ...NO_PROVIDERS, googleApiKey: 'k', googleBaseUrl: origin };

  it('is asked at its address, with its key, for the model of that name', async () => {
    await using upstream = await fakeUpstream((response) => sendEvents(response, text('Hi'), stop, '[DONE]'));
    const registry = createModelRegistry(settingsAt(upstream.origin));
    const events = (await Array.fromAsync(registry.resolve(`${provider}/${model}`).stream(request()))).flat();
    expect(events[0]).toEqual(said('Hi'));
    const [seen] = upstream.requests;
    expect(seen?.path).toBe(path);
    expect(seen?.headers[key]).toBe(value);
    expect(seen?.body).toMatchObject({ model, stream: true });
  });

  it('calls tools both ways, and a malformed input comes as it was written', async () => {
    await using upstream = await fakeUpstream((response) => sendEvents(response, ...pieces, called, '[DONE]'));
    const registry = createModelRegistry(settingsAt(upstream.origin));
    const messages = [
      { role: 'user' as const, content: 'Look' },
      { role: 'assistant' as const, content: '', toolCalls: [{ id: 'call_0', name: 'look', input: { at: 0 } }] },
      { role: 'tool' as const, toolCallId: 'call_0', content: 'nothing' },
    ];
    const asked = request({ messages, tools: [TOOL], toolChoice: 'none' });
    const events = (await Array.fromAsync(registry.resolve(`${provider}/${model}`).stream(asked))).flat();
    const calls = events.filter(
      (event): event is Extract<ModelEvent, { type: 'tool-call' }> => event.type === 'tool-call',
    );
    expect(calls.map(({ toolCall }) => toolCall)).toEqual([
      { id: 'call_a', name: 'look', input: { at: 1 } },
      { id: 'call_b', name: 'look', input: '{"at": 2' },
    ]);
    expect(events.at(-1)).toMatchObject({ type: 'finish', reason: 'tool-calls' });
    expect(upstream.requests[0]?.body).toMatchObject({
      tools: [{ type: 'function', function: { name: 'look' } }],
      tool_choice: 'none',
      messages: [
        { role: 'user' },
        { role: 'assistant', content: null, tool_calls: [{ id: 'call_0', function: { arguments: '{"at":0}' } }] },
        { role: 'tool', tool_call_id: 'call_0', content: 'nothing' },
      ],
    });
  });
});

it.each([
  ['auto', undefined],
  ['required', 'required'],
  [{ name: 'look' }, { type: 'function', function: { name: 'look' } }],
] as const)('the tool choice %j is sent as %j', async (toolChoice, sent) => {
  await using upstream = await fakeUpstream((response) => sendEvents(response, text('Hi'), stop, '[DONE]'));
  const registry = createModelRegistry({ ...NO_PROVIDERS, googleApiKey: 'k', googleBaseUrl: upstream.origin });
  await Array.fromAsync(registry.resolve('google/m').stream(request({ tools: [TOOL], toolChoice })));
  expect(upstream.requests[0]?.body.tool_choice).toEqual(sent);
});

it('one half of Azure’s settings alone is a fault that names the other', () => {
  expect(() => createModelRegistry({ ...NO_PROVIDERS, azureOpenaiApiKey: 'k' })).toThrow('AZURE_OPENAI_BASE_URL');
});
