import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelMessage, ModelRequest, ToolCall } from '../chat-model.ts';
import { eventsText, fakeUpstream, sendEvents, sendJson } from '../http/fake-upstream.ts';
import { failure, finish, inOnePiece, modelAt, request, said, stop, text, turn, usage } from './fake-turn.ts';

describe('an answer', () => {
  it('is asked for with all that the request holds', async () => {
    const tools = [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object' }, strict: true }];
    const toolCalls = [{ id: 'c1', name: 'look', input: { at: 1 } }];
    const { requests } = await turn((response) => sendEvents(response, text('x'), stop, '[DONE]'), {
      instructions: 'Be brief.',
      messages: [
        { role: 'user', content: 'Look!' },
        { role: 'assistant', content: '', toolCalls },
        { role: 'tool', toolCallId: 'c1', content: 'nothing' },
      ],
      tools,
      maxOutputTokens: 9,
      temperature: 0.5,
      topP: 0.9,
      wishes: { reasoningEffort: 'low', verbosity: 'high', seed: 7, presencePenalty: 1, frequencyPenalty: 0 },
      parallelToolCalls: false,
      stop: ['END'],
    });
    expect(requests[0]?.path).toBe('/v1/chat/completions');
    expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer key', 'content-type': 'application/json' });
    expect(requests[0]?.body).toEqual({
      model: 'm',
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Look!' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'nothing' },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'look', description: 'Looks.', parameters: { type: 'object' }, strict: true },
        },
      ],
      parallel_tool_calls: false,
      max_tokens: 9,
      temperature: 0.5,
      top_p: 0.9,
      reasoning_effort: 'low',
      verbosity: 'high',
      seed: 7,
      presence_penalty: 1,
      frequency_penalty: 0,
      stop: ['END'],
    });
  });

  it('is told of a call whose input was no JSON as it was written, and read without a content type', async () => {
    const toolCalls = [{ id: 'c1', name: 'look', input: 'no JSON' }];
    const { events, requests } = await turn(
      (response) =>
        response.end(`data: ${JSON.stringify(text('x'))}\n\ndata: ${JSON.stringify(stop)}\n\n`) && undefined,
      {
        messages: [
          { role: 'assistant', content: 'So:', toolCalls },
          { role: 'tool', toolCallId: 'c1', content: 'y' },
        ],
      },
    );
    expect(events[0]).toEqual(said('x'));
    expect(requests[0]?.body.messages[0]).toMatchObject({
      content: 'So:',
      tool_calls: [{ function: { name: 'look', arguments: 'no JSON' } }],
    });
  });

  it('is said in whole characters, and ends for a reason that is known', async () => {
    const odd = { choices: [{ index: 0, delta: {}, finish_reason: 'constructor' }] };
    const cut = await turn((response) => sendEvents(response, text('a\ud83d'), text('\ude00'), text('\ud83d'), odd));
    expect(inOnePiece(cut.events)).toEqual([said('a😀\ud83d'), { type: 'finish', reason: 'other', usage: null }]);
  });

  const schema = { type: 'object', required: ['city'] };
  const format = { type: 'json_schema' as const, name: 'place', schema, strict: true };

  it('is asked for as JSON where that is wanted', async () => {
    const { requests } = await turn((response) => sendEvents(response, text('{}'), stop), { format });
    expect(requests[0]?.body).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { name: 'place', schema, strict: true } },
      messages: [{ role: 'system', content: expect.not.stringContaining('"required"') }, { role: 'user' }],
    });
    const { requests: others } = await turn((response) => sendEvents(response, text('{}'), stop), {
      format: { type: 'json' },
    });
    // OpenAI refuses the field where no message says "JSON".
    expect(others[0]?.body).toMatchObject({
      response_format: { type: 'json_object' },
      messages: [{ role: 'system', content: expect.stringContaining('JSON') }, { role: 'user' }],
    });
  });

  it('is asked for in words where the server knows no such field; one schema’s refusal is not kept', async () => {
    await using upstream = await fakeUpstream((response, { body }) => {
      const { response_format: asked } = body as { response_format?: { type: string } };
      if (asked) return sendJson(response, 400, { error: { message: `response_format: ${asked.type} is unknown` } });
      sendEvents(response, text('{}'), stop);
    });
    const model = modelAt(upstream.origin);
    for (const one of [format, format, { type: 'json' as const }, { type: 'json' as const }])
      await Array.fromAsync(model.stream(request({ format: one })));
    const sent = upstream.requests.map(
      ({ body }) => body as { response_format?: { type: string }; messages: object[] },
    );
    const types = sent.map(({ response_format: asked }) => asked?.type ?? 'words');
    expect(types).toEqual(['json_schema', 'words', 'json_schema', 'words', 'json_object', 'words', 'words']);
    expect(sent[1]?.messages[0]).toMatchObject({ content: expect.stringContaining('"required":["city"]') });
  });

  it('keeps the query of its address and sends no key where there is none', async () => {
    await using upstream = await fakeUpstream((response) => sendEvents(response, stop));
    const baseUrl = `${upstream.origin}/deployments/x/?api-version=1`;
    const model = modelAt(upstream.origin, { baseUrl, apiKey: null, headers: { 'X-Title': 'Parley' } });
    await Array.fromAsync(model.stream(request()));
    expect(upstream.requests[0]?.path).toBe('/deployments/x/chat/completions?api-version=1');
    expect(upstream.requests[0]?.headers).toMatchObject({ 'x-title': 'Parley' });
    expect(upstream.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('comes in batches and ends with what it cost', async () => {
    const { events, batches } = await turn((response) =>
      sendEvents(response, text('Hel'), text('lo'), stop, usage, '[DONE]'),
    );
    expect(inOnePiece(events)).toEqual([said('Hello'), finish]);
    expect(batches.at(-1)).toEqual([finish]);
  });

  it.each([
    ['length', 'length'],
    ['content_filter', 'content-filter'],
    ['something new', 'other'],
  ])('ends for the reason %s as %s', async (reason, expected) => {
    const { events } = await turn((response) =>
      sendEvents(response, text('x'), { choices: [{ delta: {}, finish_reason: reason }] }, '[DONE]'),
    );
    expect(events.at(-1)).toEqual({ type: 'finish', reason: expected, usage: null });
  });

  it.each([
    ['without any usage', eventsText(text('x'), stop, '[DONE]'), null],
    ['without [DONE]', eventsText(text('x'), stop, usage), { inputTokens: 3, outputTokens: 2 }],
    ['without a last line end', `${eventsText(text('x'), stop)}data: ${JSON.stringify(usage)}`, finish.usage],
    ['with \\r\\n', eventsText(text('x'), stop, usage, '[DONE]').replaceAll('\n', '\r\n'), finish.usage],
    ['without a space', eventsText(text('x'), stop, usage).replaceAll('data: ', 'data:'), finish.usage],
    ['without empty lines', eventsText(text('x'), stop, usage).replaceAll('\n\n', '\n'), finish.usage],
    ['with a byte order mark', `\uFEFF${eventsText(text('x'), stop, usage)}`, finish.usage],
    [
      'with comments and other fields',
      `: OPENROUTER PROCESSING\n\nevent: x\nid: 1\n${eventsText(text('x'), stop)}:\n`,
      null,
    ],
    [
      'with usage in each chunk',
      eventsText({ ...text('x'), usage: { prompt_tokens: 3, completion_tokens: 1 } }, stop, usage),
      finish.usage,
    ],
    [
      'with nonsense for usage',
      eventsText(text('x'), { ...stop, usage: { prompt_tokens: -1, completion_tokens: 'many' } }),
      null,
    ],
    [
      'with text in parts',
      eventsText({ choices: [{ delta: { content: [{ type: 'thinking' }, { type: 'text', text: 'x' }] } }] }, stop),
      null,
    ],
    [
      'with fields that are wrong',
      eventsText(
        { choices: null },
        { choices: [{ delta: null }] },
        { choices: [{ delta: { content: 1, tool_calls: 'x' } }] },
        { choices: [{ delta: { tool_calls: [null] } }] },
        { choices: [{ delta: { tool_calls: {} } }] },
        text('x'),
        stop,
      ),
      null,
    ],
  ])('is understood %s', async (_, body, expected) => {
    const { events } = await turn((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(body);
    });
    expect(events).toEqual([said('x'), { type: 'finish', reason: 'stop', usage: expected }]);
  });

  it('is understood as one JSON document from a server that does not stream', async () => {
    const { events } = await turn((response) =>
      sendJson(response, 200, {
        choices: [{ message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 3, completion_tokens: 2 },
      }),
    );
    expect(events).toEqual([said('Hello'), finish]);
  });

  it('is the same wherever the network cuts it', async () => {
    const body = Buffer.from(eventsText(text('Grüße '), text('日本🙂'), stop, usage, '[DONE]'));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: body.length - 1 }), { maxLength: 6 }), async (cuts) => {
        const places = [0, ...cuts.toSorted((one, other) => one - other), body.length];
        const { events } = await turn(async (response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          for (const [index, place] of places.slice(1).entries()) {
            response.write(body.subarray(places[index], place));
            await new Promise((resolve) => setImmediate(resolve));
          }
          response.end();
        });
        expect(inOnePiece(events)).toEqual([said('Grüße 日本🙂'), finish]);
      }),
      { numRuns: 30 },
    );
  });

  it('reuses a connection', async () => {
    await using upstream = await fakeUpstream((response) => sendEvents(response, text('x'), stop, '[DONE]'));
    const model = modelAt(upstream.origin);
    await Array.fromAsync(model.stream(request()));
    await Array.fromAsync(model.stream(request()));
    expect(upstream.requests[0]?.port).toBe(upstream.requests[1]?.port);
  });

  it('is asked for once more where a kept connection ends under the request, and only there', async () => {
    await using upstream = await fakeUpstream((response, _, call) => {
      if (call === 1 || call === 3) response.socket?.resetAndDestroy();
      else sendEvents(response, text('x'), stop, '[DONE]');
    });
    const model = modelAt(upstream.origin);
    await Array.fromAsync(model.stream(request()));
    expect((await Array.fromAsync(model.stream(request()))).flat()).toContainEqual(said('x'));
    const [first, second, third] = upstream.requests.map(({ port }) => port);
    expect([second === first, third === first]).toEqual([true, false]);
    // The one that was new is not kept: this request begins on another new one, whose end is the upstream's fault.
    await expect(Array.fromAsync(model.stream(request()))).rejects.toMatchObject({ kind: 'unavailable' });
    expect(upstream.requests).toHaveLength(4);
  });

  it('ends although the upstream does not hang up', async () => {
    const { events } = await turn((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(eventsText(text('x'), stop, usage, '[DONE]'));
    });
    expect(events).toEqual([said('x'), finish]);
  });
});

describe('tool calls', () => {
  const call = (index: unknown, id: unknown, name: unknown, input: unknown) => ({
    choices: [{ delta: { tool_calls: [{ index, id, type: 'function', function: { name, arguments: input } }] } }],
  });
  const end = { choices: [{ delta: {}, finish_reason: 'tool_calls' }] };

  it('come out whole, in order', async () => {
    const { events } = await turn((response) =>
      sendEvents(
        response,
        call(0, 'a', 'look', ''),
        call(0, undefined, undefined, '{"at"'),
        call(1, 'b', 'wait', '{}'),
        call(0, undefined, undefined, ':1}'),
        end,
      ),
    );
    expect(events).toEqual([
      { type: 'tool-call', toolCall: { id: 'a', name: 'look', input: { at: 1 } } },
      { type: 'tool-call', toolCall: { id: 'b', name: 'wait', input: {} } },
      { type: 'finish', reason: 'tool-calls', usage: null },
    ]);
  });

  it('are told apart by id where there is no index, and count as the reason', async () => {
    const { events } = await turn((response) =>
      sendEvents(response, call(undefined, 'a', 'look', '{"at":1}'), call(undefined, 'b', 'look', '{"at":2}'), stop),
    );
    expect(events).toEqual([
      { type: 'tool-call', toolCall: { id: 'a', name: 'look', input: { at: 1 } } },
      { type: 'tool-call', toolCall: { id: 'b', name: 'look', input: { at: 2 } } },
      { type: 'finish', reason: 'tool-calls', usage: null },
    ]);
  });

  it('get an id, take no input for an empty one, and keep what is no JSON', async () => {
    const { events } = await turn((response) =>
      sendEvents(response, call(0, null, 'look', ''), call(1, 'b', 'look', '{"at":'), end),
    );
    expect(events).toEqual([
      { type: 'tool-call', toolCall: { id: expect.stringMatching(/^call_.{36}$/), name: 'look', input: {} } },
      { type: 'tool-call', toolCall: { id: 'b', name: 'look', input: '{"at":' } },
      { type: 'finish', reason: 'tool-calls', usage: null },
    ]);
  });
});

describe('a call that goes back to the model', () => {
  const called = (opaque?: ToolCall['opaque']): ModelMessage => ({
    role: 'assistant',
    content: '',
    toolCalls: [
      { id: 'a', name: 'look', input: {}, ...(opaque && { opaque }) },
      { id: 'b', name: 'look', input: {} },
    ],
  });
  const sent = async (provider: string, message: ModelMessage) => {
    const { requests } = await turn((response) => sendEvents(response, stop), { messages: [message] }, { provider });
    const [first] = requests[0]?.body.messages ?? [];
    return first.tool_calls.map(({ extra_content }: { extra_content?: unknown }) => extra_content);
  };
  const signed = { google: { thought_signature: 'abc' } };

  it('takes along what its provider sent with it, and no other provider’s', async () => {
    expect(await sent('google', called({ google: signed }))).toEqual([signed, undefined]);
    expect(await sent('openai', called({ google: signed }))).toEqual([undefined, undefined]);
  });

  it('of another model, or of a client’s own history, is marked for Gemini, which takes none without', async () => {
    const mark = { google: { thought_signature: 'skip_thought_signature_validator' } };
    expect(await sent('google', called())).toEqual([mark, undefined]);
    expect(await sent('google', called({ openai: { x: 1 } }))).toEqual([mark, undefined]);
  });
});

describe('a parameter that the upstream does not know', () => {
  it.each([
    ['stream_options', 'Unrecognized request argument supplied: stream_options', {}],
    ['max_tokens', "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", { maxOutputTokens: 5 }],
    ['temperature', "Unsupported value: 'temperature' does not support 0.5", { temperature: 0.5 }],
    ['stop', "Unsupported parameter: 'stop' is not supported with this model.", { stop: ['x'] }],
    ['top_p', "Unsupported parameter: 'top_p' is not supported with this model.", { topP: 0.5 }],
    ['reasoning_effort', 'Unrecognized request argument: reasoning_effort', { wishes: { reasoningEffort: 'low' } }],
    ['reasoning_effort', '"m" does not support thinking', { wishes: { reasoningEffort: 'low' } }],
    ['verbosity', "Unsupported parameter: 'verbosity'", { wishes: { verbosity: 'low' } }],
    ['seed', 'Unknown name "seed": Cannot find field.', { wishes: { seed: 7 } }],
    ['presence_penalty', 'Penalty is not enabled for models/gemini-9', { wishes: { presencePenalty: 1 } }],
    ['frequency_penalty', "'frequency_penalty' is not supported", { wishes: { frequencyPenalty: -1 } }],
    [
      'parallel_tool_calls',
      "Unsupported parameter: 'parallel_tool_calls' is not supported with this model.",
      { parallelToolCalls: false, tools: [{ name: 'look', description: '', inputSchema: { type: 'object' } }] },
    ],
  ] as [string, string, Partial<ModelRequest>][])('%s is left out, now and later', async (name, message, more) => {
    await using upstream = await fakeUpstream((response, { body }) =>
      name in body ? sendJson(response, 400, { error: { message } }) : sendEvents(response, text('x'), stop),
    );
    const model = modelAt(upstream.origin);
    for (let turnNumber = 0; turnNumber < 2; turnNumber += 1) {
      const batches = await Array.fromAsync(model.stream(request(more)));
      expect(batches.flat()[0]).toEqual(said('x'));
    }
    expect(upstream.requests.map(({ body }) => name in body)).toEqual([true, false, false]);
    if (name === 'max_tokens') expect(upstream.requests[1]?.body.max_completion_tokens).toBe(5);
  });

  it('is left out where the upstream refuses it by 422, and told where the refusal is about something else', async () => {
    const { events, requests } = await turn((response, { body }) =>
      'stream_options' in body ? sendJson(response, 422, { detail: 'stream_options' }) : sendEvents(response, stop),
    );
    expect([events.length, requests.length]).toEqual([1, 2]);
    const error = await failure((response) => sendJson(response, 422, { detail: 'no such model' }));
    expect(error.kind).toBe('bad-request');
  });

  it('is asked without once, not for ever', async () => {
    const error = await failure((response) => sendJson(response, 400, { error: { message: 'stream_options!' } }));
    expect(error.kind).toBe('bad-request');
  });
});
