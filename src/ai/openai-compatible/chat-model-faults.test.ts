import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ModelError, ModelEvent } from '../chat-model.ts';
import { type Answer, eventsText, fakeUpstream, sendEvents, sendJson } from '../http/fake-upstream.ts';
import { UpstreamFailure } from '../http/upstream-error.ts';
import { failure, modelAt, request, said, stop, text, turn } from './fake-turn.ts';

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

  it('of a server that compresses is none of ours: it is asked not to', async () => {
    const { requests } = await turn((response) => sendEvents(response, text('x'), stop));
    expect(requests[0]?.headers['accept-encoding']).toBe('identity');
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

  const whole = eventsText(text('The whole answer'), stop);
  it.each([
    ['the connection is lost', whole, true],
    ['it is lost behind [DONE]', `${whole}data: [DONE]\n\n`, true],
    ['half an event comes', `${whole}data: {"choices":[],"us`, false],
    ['garbage comes', `${whole}data: oops\n\ndata: 7\n\ndata: {"error":{"code":500}}\n\n`, false],
    ['a line has no end', `${whole}data: ${'x'.repeat(1_100_000)}`, false],
  ])('is none where the model has said that it ended and then %s', async (_, sent, breaks) => {
    const { events } = await turn((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(sent, () => (breaks ? response.socket?.resetAndDestroy() : response.end()));
    });
    expect(events).toEqual([said('The whole answer'), { type: 'finish', reason: 'stop', usage: null }]);
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

  it('is told after all that was said before it, where something was said already', async () => {
    const told = Promise.withResolvers<void>();
    await using upstream = await fakeUpstream(async (response, _, call) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (call === 0) {
        response.write(eventsText(text('One ')));
        await told.promise;
      }
      // In one piece of the network.
      response.end(eventsText(text('two '), { error: { code: 502 } }));
    });
    const events: ModelEvent[] = [];
    const read = async () => {
      for await (const batch of modelAt(upstream.origin).stream(request())) {
        events.push(...batch);
        told.resolve();
      }
    };
    await expect(read()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(events).toEqual([said('One '), said('two ')]);
    // Nothing was said of the second answer: it can be asked for again as if it had not been.
    events.length = 0;
    await expect(read()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(events).toEqual([]);
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

  it('is quoted in the log no longer than a log can bear', async () => {
    const { cause } = await failure((response) => sendJson(response, 500, 'x'.repeat(100_000)));
    expect((cause as UpstreamFailure).body).toHaveLength(65_536);
  });

  it('of a call whose input has no end is cut off', async () => {
    const more = {
      choices: [{ delta: { tool_calls: [null, { index: 0, function: { arguments: 'x'.repeat(900_000) } }] } }],
    };
    const endless = await failure((response) => sendEvents(response, more, more, more, more, more, stop));
    expect(endless.kind).toBe('protocol');
  });

  it('of an answer without end is cut off, be it text or calls of tools', async () => {
    const long = text('x'.repeat(900_000));
    const endless = await failure((response) => sendEvents(response, long, long, long, long, long, stop));
    expect(endless.kind).toBe('protocol');
    const calls = Array.from({ length: 129 }, (_, index) => ({ index, id: `c${index}`, function: { name: 'look' } }));
    const called = await failure((response) =>
      sendEvents(response, ...calls.map((call) => ({ choices: [{ delta: { tool_calls: [call] } }] })), stop),
    );
    expect(called.kind).toBe('protocol');
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
    const worked = Promise.withResolvers<void>();
    await using upstream = await fakeUpstream(async (response, seen, call) => {
      begun(response, seen, call);
      await worked.promise;
      response.end(eventsText(stop));
    });
    const model = modelAt(upstream.origin, { timeouts: { ...patience, idle: 50 } });
    const events: ModelEvent[] = [];
    for await (const batch of model.stream(request())) {
      events.push(...batch);
      // Longer than the upstream may be silent.
      await new Promise((resolve) => setTimeout(resolve, 120));
      worked.resolve();
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
