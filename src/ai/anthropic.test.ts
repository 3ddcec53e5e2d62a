import type { Socket } from 'node:net';
import { setTimeout as setTimeoutAsync } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { anthropicModel } from './anthropic.ts';
import type { ModelEvent, ModelRequest } from './chat-model.ts';
import { type Answer, fakeUpstream, sendJson } from './http/fake-upstream.ts';

const said = (delta: string): ModelEvent => ({ type: 'text-delta', delta });

function request(more: Partial<ModelRequest> = {}): ModelRequest {
  const messages = [{ role: 'user' as const, content: 'Hello' }];
  return { instructions: null, messages, passages: null, signal: new AbortController().signal, ...more };
}

function modelAt(origin: string, timeouts = {}) {
  return anthropicModel({ apiKey: 'key', model: 'claude-x', baseUrl: `${origin}/v1`, timeouts });
}

async function turn(answer: Answer, more: Partial<ModelRequest> = {}) {
  await using upstream = await fakeUpstream(answer);
  const batches = await Array.fromAsync(modelAt(upstream.origin).stream(request(more)));
  return { events: batches.flat(), requests: upstream.requests };
}

/** Anthropic's stream: each event's name is the type of its payload. */
function stream(...payloads: readonly { type: string }[]): string {
  return payloads.map((one) => `event: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`).join('');
}

const start = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-x',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 1 },
  },
};
const textBlock = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } };
const text = (delta: string) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: delta } });
const blockEnd = (index: number) => ({ type: 'content_block_stop', index });
const end = (reason: string) => ({
  type: 'message_delta',
  delta: { stop_reason: reason, stop_sequence: null },
  usage: { output_tokens: 2 },
});
const messageEnd = { type: 'message_stop' };

function streaming(...payloads: readonly { type: string }[]): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(stream(...payloads));
  };
}

const hello = streaming(start, textBlock, text('Hel'), text('lo'), blockEnd(0), end('end_turn'), messageEnd);

describe('anthropicModel', () => {
  it('is held to a schema by its package, and told of JSON in words', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
    const { requests } = await turn(hello, { format: { type: 'json_schema', name: 'place', schema } });
    expect(requests[0]?.body).toMatchObject({ output_config: { format: { type: 'json_schema', schema } } });
    const { requests: others } = await turn(hello, { format: { type: 'json' } });
    expect(JSON.stringify(others[0]?.body.system)).toContain('JSON object');
  });

  it('streams text and tells what it cost', async () => {
    const { events, requests } = await turn(hello, { instructions: 'Be brief.', maxOutputTokens: 9 });
    expect(events).toEqual([
      said('Hel'),
      said('lo'),
      { type: 'finish', reason: 'stop', usage: { inputTokens: 3, outputTokens: 2 } },
    ]);
    expect(requests[0]).toMatchObject({
      path: '/v1/messages',
      headers: { 'x-api-key': 'key' },
      body: {
        model: 'claude-x',
        max_tokens: 9,
        stream: true,
        system: [{ type: 'text', text: 'Be brief.' }],
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
      },
    });
  });

  it('speaks in whole characters, and not without end', async () => {
    const cut = streaming(
      start,
      textBlock,
      text('a\ud83d'),
      text('\ude00\ud83d'),
      blockEnd(0),
      end('end_turn'),
      messageEnd,
    );
    const { events } = await turn(cut);
    expect(events.slice(0, -1)).toEqual([said('a'), said('😀'), said('\ud83d')]);
    const long = text('x'.repeat(900_000));
    const endless = await turn(streaming(start, textBlock, long, long, long, long, long)).catch((thrown) => thrown);
    expect(endless).toMatchObject({ name: 'ModelError', kind: 'protocol' });
  });

  it('is told of tools, their calls and results', async () => {
    const tools = [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object', properties: {} } }];
    const { requests } = await turn(hello, {
      messages: [
        { role: 'user', content: 'Look!' },
        { role: 'assistant', content: '', toolCalls: [{ id: 'c1', name: 'look', input: { at: 1 } }] },
        { role: 'tool', toolCallId: 'c1', content: 'nothing' },
      ],
      tools,
    });
    expect(requests[0]?.body.tools).toEqual([expect.objectContaining({ name: 'look', description: 'Looks.' })]);
    expect(requests[0]?.body.messages.slice(1)).toEqual([
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'look', input: { at: 1 } }] },
      { role: 'user', content: [expect.objectContaining({ type: 'tool_result', tool_use_id: 'c1' })] },
    ]);
  });

  it('calls tools', async () => {
    const json = (partial_json: string) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json },
    });
    const toolBlock = {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'tool_use', id: 'c1', name: 'look', input: {} },
    };
    const { events } = await turn(
      streaming(start, toolBlock, json('{"at"'), json(':1}'), blockEnd(0), end('tool_use'), messageEnd),
      { tools: [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object' } }] },
    );
    expect(events).toEqual([
      { type: 'tool-call', toolCall: { id: 'c1', name: 'look', input: { at: 1 } } },
      { type: 'finish', reason: 'tool-calls', usage: { inputTokens: 3, outputTokens: 2 } },
    ]);
  });

  it.each([
    [400, 'bad-request'],
    [401, 'unauthorized'],
    [429, 'rate-limited'],
    [500, 'unavailable'],
    [529, 'unavailable'],
  ])("tells status %i as %s, without the provider's words and without the prompt", async (status, kind) => {
    const answer: Answer = (response) =>
      sendJson(response, status, { type: 'error', error: { type: 'x', message: 'org-42' } }, { 'retry-after': '7' });
    const error = await turn(answer).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ModelError', kind, retryAfter: 7 });
    expect(error).toMatchObject({ message: expect.not.stringContaining('org-42') });
    expect(JSON.stringify((error as Error).cause)).not.toContain('Hello');
  });

  it.each([
    [
      'an error in the stream',
      streaming(start, { type: 'error', error: { type: 'overloaded_error', message: 'org-42' } } as { type: string }),
    ],
    ['an early end', streaming(start, textBlock, text('x'))],
    ['no JSON', (response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {oops\n\n')],
    ['HTML', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    [
      'a reset',
      (response) =>
        response.writeHead(200).write(stream(start, textBlock, text('x')), () => response.socket?.resetAndDestroy()),
    ],
  ] as [string, Answer][])('fails on %s', async (_, answer) => {
    const error = await turn(answer).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ModelError', message: expect.not.stringContaining('org-42') });
    expect(['unavailable', 'protocol', 'rate-limited']).toContain((error as { kind: string }).kind);
  });

  it('never follows a redirect with the key', async () => {
    await using elsewhere = await fakeUpstream(hello);
    const redirect: Answer = (response) => {
      response.writeHead(307, { location: `${elsewhere.origin}/v1/messages` });
      response.end();
    };
    await expect(turn(redirect)).rejects.toMatchObject({ kind: 'protocol' });
    expect(elsewhere.requests).toEqual([]);
  });

  const answered = stream(start, textBlock, text('All'), blockEnd(0), end('end_turn'), messageEnd);
  it.each([
    ['keeps the connection open', () => undefined],
    ['breaks it off', (socket: Socket | null) => socket?.resetAndDestroy()],
  ])('has its answer once the model has finished, whoever %s', async (_, then) => {
    const { events } = await turn((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(answered, () => setTimeout(() => then(response.socket), 20));
    });
    expect(events).toEqual([
      said('All'),
      { type: 'finish', reason: 'stop', usage: { inputTokens: 3, outputTokens: 2 } },
    ]);
  });

  it('hears a ping as a sign of life: a long input of a tool comes in one piece', async () => {
    const pinging: Answer = async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(stream(start, textBlock));
      for (let pings = 0; pings < 30; pings += 1) {
        response.write(stream({ type: 'ping' }));
        await setTimeoutAsync(20);
      }
      response.end(stream(text('Hi'), blockEnd(0), end('end_turn'), messageEnd));
    };
    await using upstream = await fakeUpstream(pinging);
    const events = await Array.fromAsync(modelAt(upstream.origin, { idle: 300 }).stream(request()));
    expect(events.flat()[0]).toEqual(said('Hi'));
  });

  it('holds no line without end, and no refusal without end', async () => {
    const piece = 'x'.repeat(100_000);
    let written = 0;
    const endless =
      (status: number): Answer =>
      async (response, { abandoned }) => {
        written = 0;
        let open = true;
        void abandoned.then(() => {
          open = false;
        });
        response.writeHead(status, { 'content-type': 'text/event-stream' });
        response.write('data: ');
        while (open && written < 100_000_000) {
          written += piece.length;
          await Promise.race([new Promise((resolve) => response.write(piece, resolve)), abandoned]);
        }
      };
    await expect(turn(endless(200))).rejects.toMatchObject({ kind: 'protocol' });
    expect(written).toBeLessThan(20_000_000);
    await expect(turn(endless(500))).rejects.toMatchObject({ kind: 'unavailable' });
    expect(written).toBeLessThan(20_000_000);
  });

  it('tells a lost connection as what it is', async () => {
    await using upstream = await fakeUpstream((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(stream(start, textBlock, text('x')), () =>
        setTimeout(() => response.socket?.resetAndDestroy(), 20),
      );
    });
    const lost = Array.fromAsync(modelAt(upstream.origin).stream(request()));
    await expect(lost).rejects.toMatchObject({ kind: 'unavailable', message: 'anthropic is not available.' });
  });

  it('passes over events of another year, but not over a known one that is broken', async () => {
    const later = { type: 'event_of_another_year', more: 1 };
    const { events } = await turn(
      streaming(start, later, textBlock, text('Hi'), later, blockEnd(0), end('end_turn'), messageEnd),
    );
    expect(events).toEqual([
      said('Hi'),
      { type: 'finish', reason: 'stop', usage: { inputTokens: 3, outputTokens: 2 } },
    ]);
    const broken = turn(
      streaming(start, textBlock, { type: 'content_block_delta' }, blockEnd(0), end('end_turn'), messageEnd),
    );
    await expect(broken).rejects.toMatchObject({ name: 'ModelError', kind: 'protocol' });
  });

  it.each([
    ['overloaded_error', 'unavailable'],
    ['rate_limit_error', 'rate-limited'],
    ['api_error', 'unavailable'],
    ['authentication_error', 'unauthorized'],
    ['invalid_request_error', 'bad-request'],
    ['error_of_another_year', 'unavailable'],
  ])('tells %s in the middle of its stream as %s', async (type, kind) => {
    const fault = { type: 'error', error: { type, message: 'org-42' } };
    const ping = { type: 'ping' };
    const error = await turn(streaming(start, ping, textBlock, text('x'), fault)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ModelError', kind, cause: { body: `${type}: org-42` } });
    expect((error as Error).message).not.toContain('org-42');
  });

  it('ends with time-outs and aborts, upstream too', async () => {
    await using upstream = await fakeUpstream(() => {});
    const slow = Array.fromAsync(modelAt(upstream.origin, { firstByte: 50 }).stream(request()));
    await expect(slow).rejects.toMatchObject({ kind: 'timeout' });
    await upstream.requests[0]?.abandoned;
    const stop = new AbortController();
    const turnOver = Array.fromAsync(modelAt(upstream.origin).stream(request({ signal: stop.signal })));
    await expect.poll(() => upstream.requests.length).toBe(2);
    stop.abort(new Error('enough'));
    await expect(turnOver).rejects.toThrow('enough');
    await upstream.requests[1]?.abandoned;
  });

  it('lets go of the upstream when the reader leaves', async () => {
    await using upstream = await fakeUpstream((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(stream(start, textBlock, text('x')));
    });
    for await (const _ of modelAt(upstream.origin).stream(request())) break;
    await upstream.requests[0]?.abandoned;
  });

  it('tells an address that does not speak TLS', async () => {
    await using upstream = await fakeUpstream(() => {});
    const https = upstream.origin.replace('http', 'https');
    await expect(Array.fromAsync(modelAt(https).stream(request()))).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
