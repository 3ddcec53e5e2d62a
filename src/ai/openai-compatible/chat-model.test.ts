import { createServer } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModelError, type ModelEvent, type ModelRequest } from '../chat-model.ts';
import { type Answer, eventsText, fakeUpstream, sendEvents, sendJson } from '../http/fake-upstream.ts';
import { UpstreamFailure } from '../http/upstream-error.ts';
import { type OpenAiCompatibleOptions, openAiCompatibleModel } from './chat-model.ts';

const text = (content: string) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const stop = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
const usage = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } };
const finish: ModelEvent = { type: 'finish', reason: 'stop', usage: { inputTokens: 3, outputTokens: 2 } };
const said = (delta: string): ModelEvent => ({ type: 'text-delta', delta });

function request(more: Partial<ModelRequest> = {}): ModelRequest {
  const messages = [{ role: 'user' as const, content: 'Hello' }];
  return { instructions: null, messages, passages: null, signal: new AbortController().signal, ...more };
}

function modelAt(origin: string, options: Partial<OpenAiCompatibleOptions> = {}) {
  return openAiCompatibleModel({ provider: 'openai', model: 'm', baseUrl: `${origin}/v1`, apiKey: 'key', ...options });
}

/** The events of one turn against an upstream that answers so. */
async function turn(answer: Answer, more: Partial<ModelRequest> = {}, options: Partial<OpenAiCompatibleOptions> = {}) {
  await using upstream = await fakeUpstream(answer);
  const batches = await Array.fromAsync(modelAt(upstream.origin, options).stream(request(more)));
  return { events: batches.flat(), batches, requests: upstream.requests };
}

async function failure(
  answer: Answer,
  more: Partial<ModelRequest> = {},
  options: Partial<OpenAiCompatibleOptions> = {},
) {
  const error = await turn(answer, more, options).catch((thrown: unknown) => thrown);
  if (!(error instanceof ModelError)) throw error;
  return error;
}

describe('an answer', () => {
  it('is asked for with all that the request holds', async () => {
    const tools = [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object' } }];
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
      tools: [{ type: 'function', function: { name: 'look', description: 'Looks.', parameters: { type: 'object' } } }],
      max_tokens: 9,
      temperature: 0.5,
      stop: ['END'],
    });
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
    expect(events).toEqual([said('Hel'), said('lo'), finish]);
    expect(batches).toHaveLength(2);
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
        expect(events).toEqual([said('Grüße '), said('日本🙂'), finish]);
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

describe('a parameter that the upstream does not know', () => {
  it.each([
    ['stream_options', 'Unrecognized request argument supplied: stream_options', {}],
    ['max_tokens', "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", { maxOutputTokens: 5 }],
    ['temperature', "Unsupported value: 'temperature' does not support 0.5", { temperature: 0.5 }],
    ['stop', "Unsupported parameter: 'stop' is not supported with this model.", { stop: ['x'] }],
  ])('%s is left out, now and later', async (name, message, more) => {
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

  it('is asked without once, not for ever', async () => {
    const error = await failure((response) => sendJson(response, 400, { error: { message: 'stream_options!' } }));
    expect(error.kind).toBe('bad-request');
  });
});

describe('a failure', () => {
  const secret = 'organisation org-42 of bob@example.com';

  it.each([
    [400, 'bad-request'],
    [401, 'unauthorized'],
    [402, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'bad-request'],
    [408, 'timeout'],
    [413, 'bad-request'],
    [429, 'rate-limited'],
    [500, 'unavailable'],
    [502, 'unavailable'],
    [503, 'unavailable'],
    [504, 'timeout'],
    [529, 'unavailable'],
  ])('with status %i is %s, and the provider is not quoted', async (status, kind) => {
    const error = await failure((response) => sendJson(response, status, { error: { message: secret } }));
    expect(error).toMatchObject({ kind, retryAfter: null });
    expect(error.message).toMatch(/^openai /);
    expect(error.message).not.toContain('org-42');
    expect(error.cause).toBeInstanceOf(UpstreamFailure);
    expect(error.cause).toMatchObject({ status, body: expect.stringContaining('org-42') });
  });

  it.each([
    [{ 'retry-after': '7' }, 7],
    [{ 'retry-after': new Date(Date.now() + 30_000).toUTCString() }, expect.closeTo(30, -1)],
    [{ 'retry-after-ms': '1500' }, 1.5],
    [{ 'retry-after': '86400' }, 3600],
    [{ 'retry-after': 'soon' }, null],
  ])('tells how long to wait: %j', async (headers: Record<string, string>, expected) => {
    const error = await failure((response) => sendJson(response, 429, {}, headers));
    expect(error.retryAfter).toEqual(expected);
  });

  it('never follows a redirect with the key', async () => {
    await using elsewhere = await fakeUpstream((response) => sendEvents(response, stop));
    const error = await failure((response) => {
      response.writeHead(307, { location: elsewhere.origin });
      response.end();
    });
    expect(error.kind).toBe('protocol');
    expect(elsewhere.requests).toEqual([]);
  });

  it.each([
    ['HTML', 'text/html', '<html>Welcome to the hotel Wi-Fi</html>'],
    ['garbage', 'text/plain', 'garbage'],
    ['no JSON', 'text/event-stream', 'data: {oops\n\n'],
    ['a number', 'text/event-stream', 'data: 7\n\n'],
    ['broken JSON', 'application/json', '{"choices": ['],
    ['nothing', 'text/event-stream', ''],
    ['an answer without an end', 'text/event-stream', eventsText(text('x'))],
    ['half an event', 'text/event-stream', `${eventsText(text('x'))}data: {"choices": [{"del`],
  ])('of %s is a breach of protocol', async (_, type, body) => {
    const error = await failure((response) => {
      response.writeHead(200, { 'content-type': type });
      response.end(body);
    });
    expect(error.kind).toBe('protocol');
  });

  it.each([
    [{ code: 429, message: secret }, 'rate-limited'],
    [{ code: 502, message: secret }, 'unavailable'],
    [{ code: 'rate_limit_exceeded', message: secret }, 'rate-limited'],
    [{ code: 'context_length_exceeded', message: secret }, 'bad-request'],
    [{ type: 'authentication_error', message: secret }, 'unauthorized'],
    [{ type: 'server_error', message: secret }, 'unavailable'],
    [secret, 'unavailable'],
  ])('in the middle of the stream, %j', async (error, kind) => {
    const failed = await failure((response) => sendEvents(response, text('x'), { error }));
    expect(failed).toMatchObject({ kind, message: expect.not.stringContaining('org-42') });
    const whole = await failure((response) => sendJson(response, 200, { error }));
    expect(whole.kind).toBe(kind);
  });

  it('of the connection in mid-answer is told after what was said', async () => {
    await using upstream = await fakeUpstream((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(eventsText(text('x')), () => response.socket?.resetAndDestroy());
    });
    const events: ModelEvent[] = [];
    const read = async () => {
      for await (const batch of modelAt(upstream.origin).stream(request())) events.push(...batch);
    };
    await expect(read()).rejects.toMatchObject({ name: 'ModelError', kind: 'unavailable' });
    expect(events).toEqual([said('x')]);
  });

  it('of a line without end is cut off', async () => {
    const piece = 'x'.repeat(100_000);
    let written = 0;
    const error = await failure(async (response, { abandoned }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: ');
      let open = true;
      void abandoned.then(() => {
        open = false;
      });
      while (open && written < 100_000_000) {
        written += piece.length;
        const flushed = new Promise((resolve) => response.write(piece, resolve));
        await Promise.race([flushed, abandoned]);
      }
    });
    expect(error.kind).toBe('protocol');
    expect(written).toBeLessThan(20_000_000);
  });

  it('of an unreachable address is told without the address', async () => {
    const free = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
      });
    });
    await using upstream = await fakeUpstream(() => {});
    const addresses = [
      `http://127.0.0.1:${free}`,
      'http://no-such-host.invalid',
      upstream.origin.replace('http', 'https'),
    ];
    for (const origin of addresses) {
      const error = await Array.fromAsync(modelAt(origin).stream(request())).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'ModelError', kind: 'unavailable', message: 'openai is not available.' });
      expect((error as ModelError).cause).toBeInstanceOf(Error);
    }
  });
});

describe('waiting', () => {
  const never: Answer = () => {};
  const begun: Answer = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(eventsText(text('x')));
  };
  const patience = { connect: 5_000, firstByte: 5_000, idle: 5_000, total: 5_000 };

  it.each([
    ['for the first byte', never, { firstByte: 50 }],
    ['for the next piece', begun, { idle: 50 }],
    ['for the whole', begun, { total: 80 }],
  ])('%s ends, upstream too', async (_, answer, timeouts) => {
    await using upstream = await fakeUpstream(answer);
    const model = modelAt(upstream.origin, { timeouts: { ...patience, ...timeouts } });
    await expect(Array.fromAsync(model.stream(request()))).rejects.toMatchObject({ kind: 'timeout' });
    await upstream.requests[0]?.abandoned;
  });

  it('is not charged to the upstream while we are slow ourselves', async () => {
    await using upstream = await fakeUpstream((response) => {
      begun(response, {} as never, 0);
      response.end(eventsText(stop));
    });
    const model = modelAt(upstream.origin, { timeouts: { ...patience, idle: 30 } });
    const events: ModelEvent[] = [];
    for await (const batch of model.stream(request())) {
      events.push(...batch);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect(events.at(-1)?.type).toBe('finish');
  });

  it.each([
    ['before the first byte', never],
    ['in mid-answer', begun],
  ])('ends with an abort %s, upstream too', async (_, answer) => {
    const stopping = new AbortController();
    const reason = new Error('cancelled by its user');
    await using upstream = await fakeUpstream((response, seen, call) => {
      void answer(response, seen, call);
      setImmediate(() => stopping.abort(reason));
    });
    const turnOver = Array.fromAsync(modelAt(upstream.origin).stream(request({ signal: stopping.signal })));
    await expect(turnOver).rejects.toBe(reason);
    await upstream.requests[0]?.abandoned;
  });

  it('does not begin after an abort', async () => {
    await using upstream = await fakeUpstream(never);
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(Array.fromAsync(modelAt(upstream.origin).stream(request({ signal })))).rejects.toThrow('too late');
    expect(upstream.requests).toEqual([]);
  });

  it('ends upstream when the reader leaves', async () => {
    await using upstream = await fakeUpstream(begun);
    for await (const _ of modelAt(upstream.origin).stream(request())) break;
    await upstream.requests[0]?.abandoned;
  });
});
