import { APICallError, type LanguageModelV4, type LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { describe, expect, test } from 'vitest';
import type { ModelRequest } from '../chat-model.ts';
import { fromLanguageModel } from './from-language-model.ts';

type FinishPart = Extract<LanguageModelV4StreamPart, { type: 'finish' }>;

/** A model of a package, which plays these parts and notes what it was asked. */
function packaged(...parts: readonly (LanguageModelV4StreamPart | Error)[]) {
  const asked: Parameters<LanguageModelV4['doStream']>[0][] = [];
  const doStream: LanguageModelV4['doStream'] = async (options) => {
    asked.push(options);
    const [first] = parts;
    if (first instanceof Error) throw first;
    return { stream: ReadableStream.from(parts as LanguageModelV4StreamPart[]) };
  };
  const model = { specificationVersion: 'v4', provider: 'p', modelId: 'm', supportedUrls: {}, doStream };
  return { asked, model: fromLanguageModel(model as unknown as LanguageModelV4, { provider: 'anthropic' }) };
}

const finish = (
  unified: FinishPart['finishReason']['unified'],
  total?: number,
  cacheRead?: number,
  reasoning?: number,
): FinishPart => ({
  type: 'finish',
  finishReason: { unified, raw: 'x' },
  usage: {
    inputTokens: { total, noCache: undefined, cacheRead, cacheWrite: undefined },
    outputTokens: { total, text: undefined, reasoning },
  },
});
const request: ModelRequest = {
  instructions: null,
  messages: [{ role: 'user', content: 'Hello' }],
  passages: null,
  signal: new AbortController().signal,
};
const callError = (about: Partial<ConstructorParameters<typeof APICallError>[0]>) =>
  new APICallError({ message: 'org-42', url: 'https://x.example', requestBodyValues: { prompt: 'Hello' }, ...about });

async function events(model: ReturnType<typeof packaged>['model'], more: Partial<ModelRequest> = {}) {
  return (await Array.fromAsync(model.stream({ ...request, ...more }))).flat();
}

describe('a model of a package', () => {
  test('says its text, passes over what its provider runs itself, and counts where it can', async () => {
    const { model } = packaged(
      { type: 'text-delta', id: '1', delta: '' },
      { type: 'text-delta', id: '1', delta: 'Hi' },
      { type: 'tool-call', toolCallId: 'a', toolName: 'search', input: '{}', providerExecuted: true },
      { type: 'tool-call', toolCallId: 'b', toolName: 'look', input: 'no JSON' },
      finish('stop', 3, 2, 1),
    );
    expect(await events(model)).toEqual([
      { type: 'text-delta', delta: 'Hi' },
      { type: 'tool-call', toolCall: { id: 'b', name: 'look', input: 'no JSON' } },
      {
        type: 'finish',
        reason: 'stop',
        usage: { inputTokens: 3, outputTokens: 3, cachedInputTokens: 2, reasoningTokens: 1 },
      },
    ]);
    expect(await events(packaged(finish('length')).model)).toEqual([{ type: 'finish', reason: 'length', usage: null }]);
  });

  test('is asked for all that a request holds', async () => {
    const { asked, model } = packaged(finish('stop'));
    const tools = [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object' } }];
    const messages: ModelRequest['messages'] = [
      { role: 'user', content: 'Look!' },
      { role: 'assistant', content: 'So:', toolCalls: [{ id: 'a', name: 'look', input: {} }] },
      { role: 'tool', toolCallId: 'a', content: 'seen' },
      { role: 'tool', toolCallId: 'lost', content: 'of no call' },
      { role: 'assistant', content: 'Done.' },
    ];
    const schema = { type: 'object' };
    const format = { type: 'json_schema' as const, name: 'place', description: 'A place', schema };
    await events(model, { messages, tools, toolChoice: { name: 'look' }, temperature: 0.5, stop: ['END'], format });
    const strict = tools.map((tool) => ({ ...tool, strict: true }));
    const wishes = { reasoningEffort: 'low', seed: 7, presencePenalty: 1, frequencyPenalty: -1 } as const;
    await events(model, { tools: strict, toolChoice: 'required', parallelToolCalls: false, topP: 0.9, wishes });
    await events(model, { wishes });
    expect(asked[0]).toMatchObject({
      temperature: 0.5,
      stopSequences: ['END'],
      toolChoice: { type: 'tool', toolName: 'look' },
      responseFormat: { type: 'json', name: 'place', description: 'A place' },
    });
    const said = asked[0]?.prompt.filter(({ role }) => role !== 'system');
    expect(said?.map(({ content }) => (content as { type: string }[]).map(({ type }) => type))).toEqual([
      ['text'],
      ['text', 'tool-call'],
      ['tool-result'],
      ['tool-result'],
      ['text'],
    ]);
    expect(said?.[3]).toMatchObject({ content: [{ toolName: 'unknown' }] });
    expect(asked[2]).toMatchObject({ reasoning: 'low', seed: 7, presencePenalty: 1, frequencyPenalty: -1 });
    // It would want its thoughts back with its calls.
    expect(asked[1]).not.toHaveProperty('reasoning');
    expect(asked[1]).toMatchObject({
      toolChoice: { type: 'required' },
      tools: [{ name: 'look', strict: true }],
      topP: 0.9,
      providerOptions: { anthropic: { disableParallelToolUse: true } },
    });
  });

  test.each([
    ['an end that says error', 'unavailable', finish('error')],
    ['an end that was none', 'protocol', finish('interrupted' as never)],
    ['no end', 'protocol', { type: 'text-delta', id: '1', delta: 'x' } as const],
    ['a connection that was not made', 'unavailable', callError({})],
    ['one that broke', 'unavailable', callError({ cause: new Error('reset') })],
    ['an answer that cannot be read', 'protocol', callError({ statusCode: 200 })],
    ['a refusal without a word', 'rate-limited', callError({ statusCode: 429 })],
    ['a refusal with words', 'unauthorized', callError({ statusCode: 401, responseBody: 'org', responseHeaders: {} })],
    ['an error of the package', 'protocol', new Error('undefined is no function')],
  ])('fails on %s as %s', async (_, kind, part) => {
    const failed = events(packaged(part).model);
    await expect(failed).rejects.toMatchObject({ name: 'ModelError', kind });
    await expect(failed).rejects.toMatchObject({ message: expect.not.stringContaining('org') });
  });
});
