import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ModelError } from '../../src/ai/chat-model.ts';
import { gate, hashEmbedder, type ScriptedModel, scriptedModel } from '../../src/ai/fakes.ts';
import { anyTestDatabase, type TestDatabase, testDatabases } from '../support/databases.ts';
import { type OpenaiApp, type OpenaiUser, openOpenaiApp } from '../support/openai-app.ts';

/** OpenAI's own client, unmodified, against the whole server. */
describe.each(anyTestDatabase())('the openai package on the $kind database', { timeout: 180_000 }, ({ open }) => {
  let db: TestDatabase;
  let app: OpenaiApp;
  let ann: OpenaiUser;
  let openai: OpenAI;
  const models: Record<string, ScriptedModel> = {};
  const embedder = hashEmbedder({ dimensions: 8, id: 'fake/vectors' });

  /** A model that answers this test only. */
  function model(id: string, ...args: Parameters<typeof scriptedModel>): ScriptedModel {
    const made = scriptedModel(args[0], { id });
    models[id] = made;
    return made;
  }

  beforeAll(async () => {
    db = await open();
    model('fake/hello', ['Hel', 'lo', '!']);
    app = await openOpenaiApp(db.database, models, { embedder });
    ann = await app.newUser();
    openai = ann.client;
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await db.close();
  });

  const ask = (content: string, more: object = {}) => ({
    model: 'fake/hello',
    messages: [{ role: 'user' as const, content }],
    ...more,
  });
  const refusal = async (asked: Promise<unknown>) => {
    const error = await asked.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof OpenAI.APIError)) throw new Error(`not refused: ${error}`);
    return error;
  };

  describe('chat completions', () => {
    test('an answer in one piece, with its usage', async () => {
      const { data, response } = await openai.chat.completions.create(ask('Hi')).withResponse();
      expect(data).toMatchObject({
        object: 'chat.completion',
        model: 'fake/hello',
        choices: [
          { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello!', refusal: null } },
        ],
        usage: { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 },
      });
      expect(data.id).toBe(`chatcmpl-${response.headers.get('x-run-id')}`);
      expect(Math.abs(data.created - Date.now() / 1000)).toBeLessThan(60);
    });

    test('a stream, with usage where it is asked for', async () => {
      const stream = await openai.chat.completions.create(
        ask('Hi', { stream: true, stream_options: { include_usage: true } }) as never,
      );
      const chunks = await Array.fromAsync(stream as unknown as AsyncIterable<OpenAI.ChatCompletionChunk>);
      expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('Hello!');
      expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
      expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
      expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 13 } });
      expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);

      const runner = openai.chat.completions.stream(ask('Hi'));
      const final = await runner.finalChatCompletion();
      expect(final.choices[0]?.message.content).toBe('Hello!');
    });

    test('history, instructions and settings reach the model as they were given', async () => {
      const asked = model('fake/settings', ['ok']);
      await openai.chat.completions.create({
        model: 'fake/settings',
        messages: [
          { role: 'system', content: 'Be kind.' },
          { role: 'user', content: [{ type: 'text', text: 'One' }] },
          { role: 'assistant', content: 'Two' },
          { role: 'developer', content: 'Be brief.' },
          { role: 'user', content: 'Three' },
        ],
        max_completion_tokens: 7,
        temperature: 0.5,
        stop: '\n',
        user: 'customer-9',
        metadata: { ticket: '12' },
        seed: 3,
        reasoning_effort: 'low',
        verbosity: 'high',
        presence_penalty: 0.5,
        frequency_penalty: -1,
        // @ts-expect-error: a field of another year is passed over
        invented_later: true,
      });
      expect(asked.requests[0]).toMatchObject({
        instructions: 'Be kind.\n\nBe brief.',
        messages: [
          { role: 'user', content: 'One' },
          { role: 'assistant', content: 'Two' },
          { role: 'user', content: 'Three' },
        ],
        maxOutputTokens: 7,
        temperature: 0.5,
        stop: ['\n'],
        wishes: { seed: 3, reasoningEffort: 'low', verbosity: 'high', presencePenalty: 0.5, frequencyPenalty: -1 },
      });
      const wishes = { reasoning: { effort: 'high' as const }, text: { verbosity: 'low' as const } };
      const said = await openai.responses.create({ model: 'fake/settings', input: 'Hi', ...wishes });
      expect(asked.requests[1]?.wishes).toEqual({ reasoningEffort: 'high', verbosity: 'low' });
      expect(said).toMatchObject(wishes);
    });

    test('what the provider had cached, and what was thought and not said, is told as it counts it', async () => {
      const usage = { inputTokens: 90, cachedInputTokens: 64, outputTokens: 30, reasoningTokens: 20 };
      model('fake/thinks', ['ok', { type: 'finish', reason: 'stop', usage }]);
      const chat = await openai.chat.completions.create({ ...ask('Hi'), model: 'fake/thinks' });
      expect(chat.usage).toMatchObject({
        prompt_tokens_details: { cached_tokens: 64 },
        completion_tokens_details: { reasoning_tokens: 20 },
      });
      const response = await openai.responses.create({ model: 'fake/thinks', input: 'Hi' });
      expect(response.usage).toMatchObject({
        input_tokens: 90,
        input_tokens_details: { cached_tokens: 64 },
        output_tokens_details: { reasoning_tokens: 20 },
      });
      expect(await openai.get(`/runs/${response.id.slice('resp_'.length)}`)).toMatchObject({
        usage: { cached_input_tokens: 64, reasoning_tokens: 20 },
      });
    });

    test('an answer that was cut for its length says so', async () => {
      model('fake/long', ['too', { type: 'finish', reason: 'length', usage: null }]);
      const answer = await openai.chat.completions.create({ ...ask('Go on'), model: 'fake/long' });
      expect(answer.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'too' } });
    });

    test.each([
      ['length', 'length', 'max_output_tokens'],
      ['content-filter', 'content_filter', 'content_filter'],
    ] as const)('an answer whose %s left no word of it is an answer nevertheless', async (reason, finish, why) => {
      const usage = { inputTokens: 9, outputTokens: 16 };
      const { id } = model(`fake/mute-${reason}`, [{ type: 'finish', reason, usage }]);
      const answer = await openai.chat.completions.create(ask('Think!', { model: id, max_completion_tokens: 16 }));
      expect(answer.choices[0]).toMatchObject({ finish_reason: finish, message: { content: '' } });
      expect(answer.usage).toMatchObject({ prompt_tokens: 9, completion_tokens: 16 });
      expect(await openai.responses.create({ model: id, input: 'Think!' })).toMatchObject({
        status: 'incomplete',
        incomplete_details: { reason: why },
        output: [],
        usage: { output_tokens: 16 },
      });
    });

    test('closing the connection does not stop the run, and its answer is kept', async () => {
      const wait = gate();
      const slow = model('fake/slow', ['a', { gate: wait }, 'b']);
      const { data: stream, response } = await openai.chat.completions
        .create({ ...ask('Go'), model: 'fake/slow', stream: true })
        .withResponse();
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'a') break;
      expect(stream.controller.signal.aborted).toBe(true);
      wait.open();
      const path = `/runs/${response.headers.get('x-run-id')}`;
      const status = async () => ((await openai.get(path, {})) as { status: string }).status;
      await expect.poll(status).toBe('completed');
      expect(slow.abandoned).toBe(0);
    });

    test('only what is to be stored is seen among the sessions', async () => {
      const cleo = await app.newUser();
      await cleo.client.chat.completions.create(ask('forget this'));
      await cleo.client.chat.completions.create(ask('keep this', { store: true }));
      const { data } = (await cleo.client.get('/sessions', {})) as { data: { title: string }[] };
      expect(data.map(({ title }) => title)).toEqual(['keep this']);
    });

    test('a failed or stopped answer is an error, and in a stream its last word', async () => {
      model('fake/broken', ['a', { fail: new ModelError('unavailable', 'secret upstream words') }]);
      const failed = await refusal(openai.chat.completions.create({ ...ask('Hi'), model: 'fake/broken' }));
      expect(failed).toMatchObject({ status: 502, type: 'server_error' });
      expect(failed.message).not.toContain('secret');
      const stream = await openai.chat.completions.create({ ...ask('Hi'), model: 'fake/broken', stream: true });
      let text = '';
      const read = async () => {
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
      };
      expect(await refusal(read())).toMatchObject({ type: 'server_error' });
      expect(text).toBe('a');

      const wait = gate();
      model('fake/stopped', ['a', { gate: wait }]);
      const { data: open, response } = await openai.chat.completions
        .create({ ...ask('Hi'), model: 'fake/stopped', stream: true })
        .withResponse();
      await wait.reached;
      await openai.post(`/runs/${response.headers.get('x-run-id')}/cancel`, {});
      expect(await refusal(Array.fromAsync(open))).toMatchObject({ code: 'ERR_OPENAI_007' });
    });
  });

  describe('errors', () => {
    test('a wrong or missing credential is 401 in OpenAI’s form, with the request’s id', async () => {
      const stranger = new OpenAI({ baseURL: `${app.address}/v1`, apiKey: 'wrong', maxRetries: 0 });
      const error = await refusal(stranger.chat.completions.create(ask('Hi')));
      expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
      expect(error).toMatchObject({ status: 401, code: 'invalid_api_key', type: 'invalid_request_error' });
      expect(error.error).toMatchObject({ request_id: error.requestID });
    });

    test('what is no JSON is 400 in OpenAI’s form', async () => {
      const response = await fetch(`${app.address}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ann.token}`, 'content-type': 'application/json' },
        body: '{"model":',
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error: { type: 'invalid_request_error', code: 'ERR_REQUEST_001' },
      });
    });

    test('an unknown model is 404', async () => {
      const error = await refusal(openai.chat.completions.create({ ...ask('Hi'), model: 'gpt-9' }));
      expect(error).toMatchObject({ status: 404, code: 'model_not_found', param: 'model' });
      const other = await refusal(openai.models.retrieve('gpt-9'));
      expect(other).toMatchObject({ status: 404, code: 'model_not_found' });
    });

    test.each([
      ['unknown-model', 404, 'model_not_found', 'model'],
      ['context-too-long', 400, 'context_length_exceeded', 'messages'],
    ] as const)('what the provider refuses as %s is %i, in a stream too', async (refusal_, status, code, param) => {
      const id = `fake/${refusal_}`;
      const fail = new ModelError('bad-request', 'secret upstream words', { refusal: refusal_ });
      const refusing = model(id, [{ fail }]);
      const known = { status, code, param, message: expect.not.stringContaining('secret') };
      for (const ways of [
        () => openai.chat.completions.create({ ...ask('Hi'), model: id }),
        () => openai.chat.completions.create({ ...ask('Hi'), model: id, stream: true }),
        () => openai.responses.create({ model: id, input: 'Hi' }),
        () => openai.responses.create({ model: id, input: 'Hi', stream: true }),
      ])
        expect(await refusal(ways())).toMatchObject(known);
      expect(refusing.requests).toHaveLength(4);
      // Once something was said, the stream tells it.
      model(id, ['a', { fail }]);
      const stream = await openai.chat.completions.create({ ...ask('Hi'), model: id, stream: true });
      expect(await refusal(Array.fromAsync(stream))).toMatchObject({ code });
    });

    test('a client does not ask again by itself for what would be refused again, and does where it helps', async () => {
      const patient = new OpenAI({ baseURL: `${app.address}/v1`, apiKey: ann.token, maxRetries: 2 });
      const refused = model('fake/refused', [{ fail: new ModelError('bad-request', 'no') }]);
      const error = await refusal(patient.chat.completions.create({ ...ask('Hi'), model: 'fake/refused' }));
      expect([error.status, error.headers?.get('x-should-retry')]).toEqual([502, 'false']);
      expect(refused.requests).toHaveLength(1);
      const away = model('fake/away', (_request, at) => [
        at === 0 ? { fail: new ModelError('unavailable', 'x') } : 'ok',
      ]);
      const answered = await patient.chat.completions.create({ ...ask('Hi'), model: 'fake/away' });
      expect([answered.choices[0]?.message.content, away.requests.length]).toEqual(['ok', 2]);
    });

    test.each([
      ['n', ask('Hi', { n: 2 }), 'unsupported_parameter'],
      ['logprobs', ask('Hi', { logprobs: true }), 'unsupported_parameter'],
      ['logit_bias', ask('Hi', { logit_bias: { '50256': -100 } }), 'unsupported_parameter'],
      ['presence_penalty', ask('Hi', { presence_penalty: 3 }), 'ERR_REQUEST_002'],
      ['tools[0].type', ask('Hi', { tools: [{ type: 'custom', custom: { name: 'f' } }] }), 'unsupported_parameter'],
      ['audio', ask('Hi', { audio: { voice: 'x', format: 'mp3' } }), 'unsupported_parameter'],
      [
        'messages[0].content[0].type',
        ask('', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] }),
        'unsupported_parameter',
      ],
      ['messages[0].content', ask('  '), 'ERR_OPENAI_002'],
      ['messages', ask('', { messages: [{ role: 'system', content: 'x' }] }), 'ERR_OPENAI_002'],
      ['temperature', ask('Hi', { temperature: 'hot' }), 'ERR_REQUEST_002'],
      ['messages', { model: 'fake/hello' }, 'ERR_REQUEST_002'],
    ])('what cannot be done is 400 and names %s', async (param, body, code) => {
      const error = await refusal(openai.chat.completions.create(body as never));
      expect(error).toBeInstanceOf(OpenAI.BadRequestError);
      expect(error).toMatchObject({ param, code, type: 'invalid_request_error' });
    });
  });

  describe('responses', () => {
    type Streamed = OpenAI.Responses.ResponseStreamEvent;
    const read = (stream: AsyncIterable<Streamed>) => Array.fromAsync(stream);
    const hello = { model: 'fake/hello', input: 'Hi' };

    test('a response in one piece, and the same when it is fetched later', async () => {
      const made = await openai.responses.create({ ...hello, instructions: 'Be kind.', metadata: { a: 'b' } });
      expect(made).toMatchObject({
        object: 'response',
        status: 'completed',
        model: 'fake/hello',
        output_text: 'Hello!',
        instructions: 'Be kind.',
        metadata: { a: 'b' },
        error: null,
        usage: { input_tokens: 10, output_tokens: 3, total_tokens: 13 },
      });
      expect(made.id).toMatch(/^resp_/);
      expect(await openai.responses.retrieve(made.id)).toEqual(made);
    });

    test('a stream of typed events, which the client itself puts together', async () => {
      const stream = openai.responses.stream(hello);
      const events = await read(stream);
      expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
      const types = events.map(({ type }) => type.replace('response.', ''));
      // Pieces that gather for one write of the log are one.
      const said = types.filter((type, index) => type !== 'output_text.delta' || types[index - 1] !== type);
      expect(said).toEqual([
        'created',
        'in_progress',
        'output_item.added',
        'content_part.added',
        'output_text.delta',
        'output_text.done',
        'content_part.done',
        'output_item.done',
        'completed',
      ]);
      const final = await stream.finalResponse();
      expect(final).toMatchObject({ status: 'completed', output_text: 'Hello!' });
      expect(await openai.responses.retrieve(final.id)).toMatchObject({
        output_text: 'Hello!',
        usage: final.usage,
      });
    });

    test('a client that lost its stream gets the rest, the same events again', async () => {
      const wait = gate();
      model('fake/resumed', ['one ', 'two ', { gate: wait }, 'three']);
      const stream = await openai.responses.create({ model: 'fake/resumed', input: 'Count', stream: true });
      const before: Streamed[] = [];
      for await (const event of stream) {
        before.push(event);
        if (event.type === 'response.output_text.delta' && event.delta.includes('two')) break;
      }
      const [first] = before;
      if (first?.type !== 'response.created') throw new Error('no beginning');
      const last = before.at(-1)?.sequence_number ?? -1;
      const again = await openai.responses.retrieve(first.response.id, { stream: true, starting_after: last });
      wait.open();
      const after = await read(again);
      expect(after[0]?.sequence_number).toBe(last + 1);
      const all = await read(await openai.responses.retrieve(first.response.id, { stream: true }));
      expect([...before, ...after]).toEqual(all);
      expect(all.at(-1)).toMatchObject({ type: 'response.completed', response: { status: 'completed' } });
      const replayed = openai.responses.stream({ response_id: first.response.id, starting_after: last });
      expect((await replayed.finalResponse()).output_text).toBe('one two three');
    });

    test('in the background: asked for, looked after, complete', async () => {
      const wait = gate();
      model('fake/background', [{ gate: wait }, 'done']);
      const begun = await openai.responses.create({ model: 'fake/background', input: 'Work', background: true });
      expect(begun).toMatchObject({ status: 'in_progress', background: true, output: [] });
      await wait.reached;
      expect(await openai.responses.retrieve(begun.id)).toMatchObject({ status: 'in_progress' });
      wait.open();
      const status = async () => (await openai.responses.retrieve(begun.id)).status;
      await expect.poll(status).toBe('completed');
      expect((await openai.responses.retrieve(begun.id)).output_text).toBe('done');
    });

    test('cancelling keeps what was said, and stops the model', async () => {
      const wait = gate();
      const stopped = model('fake/cancelled', ['so far', { gate: wait }, 'never']);
      const stream = await openai.responses.create({ model: 'fake/cancelled', input: 'Go', stream: true });
      const events: Streamed[] = [];
      let id = '';
      for await (const event of stream) {
        events.push(event);
        if (event.type === 'response.created') id = event.response.id;
        if (event.type !== 'response.output_text.delta') continue;
        expect(await openai.responses.cancel(id)).toMatchObject({
          status: 'cancelled',
          output: [{ status: 'incomplete', content: [{ text: 'so far' }] }],
        });
      }
      expect(events.at(-1)).toMatchObject({ type: 'response.incomplete', response: { status: 'cancelled' } });
      expect(stopped.abandoned).toBe(1);
      expect(await openai.responses.cancel(id)).toMatchObject({ status: 'cancelled' });
    });

    test('a failed and a cut response say why', async () => {
      model('fake/fails', ['a', { fail: new ModelError('rate-limited', 'secret upstream words') }]);
      const failed = await openai.responses.create({ model: 'fake/fails', input: 'Hi' });
      expect(failed).toMatchObject({ status: 'failed', error: { code: 'rate_limit_exceeded' } });
      expect(JSON.stringify(failed)).not.toContain('secret');
      model('fake/cut', ['a', { type: 'finish', reason: 'length', usage: null }]);
      const events = await read(await openai.responses.create({ model: 'fake/cut', input: 'Hi', stream: true }));
      expect(events.at(-1)).toMatchObject({
        type: 'response.incomplete',
        response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
      });
    });

    test('a conversation goes on from a response, and branches from an earlier one', async () => {
      const talks = model('fake/talks', (_request, call) => [`answer ${call}`]);
      const said = () => talks.requests.at(-1)?.messages.map(({ content }) => content);
      const ask = (input: string, previous: string | null) =>
        openai.responses.create({ model: 'fake/talks', input, previous_response_id: previous });
      const first = await ask('one', null);
      const second = await ask('two', first.id);
      expect(second.previous_response_id).toBe(first.id);
      expect(said()).toEqual(['one', 'answer 0', 'two']);
      await ask('three', second.id);
      expect(said()).toEqual(['one', 'answer 0', 'two', 'answer 1', 'three']);
      await ask('other two', first.id);
      expect(said()).toEqual(['one', 'answer 0', 'other two']);
    });

    test('what came with a response can be read in pages, and is deleted with it', async () => {
      const made = await openai.responses.create({
        model: 'fake/hello',
        input: [
          { role: 'user', content: 'One' },
          { role: 'assistant', content: 'Two' },
          { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Three' }] },
        ],
      });
      const items = await Array.fromAsync(openai.responses.inputItems.list(made.id, { limit: 2, order: 'asc' }));
      expect(items).toMatchObject([
        { role: 'user', content: [{ type: 'input_text', text: 'One' }] },
        { role: 'assistant', content: [{ type: 'output_text', text: 'Two' }] },
        { role: 'user', content: [{ type: 'input_text', text: 'Three' }] },
      ]);
      await expect(openai.responses.inputItems.list(made.id, { after: 'msg_of_another' })).rejects.toMatchObject({
        status: 404,
        param: 'after',
      });
      const [newest] = (await openai.responses.inputItems.list(made.id)).data;
      expect(newest).toMatchObject({ content: [{ text: 'Three' }] });
      await openai.responses.delete(made.id);
      expect(await refusal(openai.responses.retrieve(made.id))).toMatchObject({ status: 404 });
    });

    test.each([
      ['tools[0].type', { ...hello, tools: [{ type: 'web_search' }] }],
      ['input[0].type', { ...hello, input: [{ type: 'item_reference', id: 'x' }] }],
      ['input[0].content[0].type', { ...hello, input: [{ role: 'user', content: [{ type: 'input_image' }] }] }],
      ['text.format.type', { ...hello, text: { format: { type: 'grammar' } } }],
      ['previous_response_id', { ...hello, previous_response_id: 'resp_1' }],
      ['background', { ...hello, background: true, store: false }],
      ['input', { ...hello, input: [{ role: 'developer', content: 'x' }] }],
      ['input', { ...hello, input: '   ' }],
    ])('what cannot be done is 400 and names %s', async (param, body) => {
      const error = await refusal(openai.responses.create(body as never));
      expect(error).toMatchObject({ status: 400, param, type: 'invalid_request_error' });
    });

    test('a colleague is refused, and a neighbour finds nothing', async () => {
      const made = await openai.responses.create(hello);
      const colleague = (await app.newUser(ann)).client;
      const neighbour = (await app.newUser()).client;
      for (const [client, status] of [
        [colleague, 403],
        [neighbour, 404],
      ] as const) {
        const { responses } = client;
        const tries = [
          () => responses.retrieve(made.id),
          () => responses.retrieve(made.id, { stream: true }),
          () => responses.cancel(made.id),
          () => responses.delete(made.id),
          () => responses.inputItems.list(made.id),
          () => responses.create({ ...hello, previous_response_id: made.id }),
        ];
        for (const attempt of tries) expect(await refusal(Promise.resolve(attempt()))).toMatchObject({ status });
      }
      expect((await openai.responses.retrieve(made.id)).status).toBe('completed');
      expect(await refusal(openai.responses.retrieve('resp_nothing'))).toMatchObject({ status: 404 });
      const previous = 'resp_01990000-0000-7000-8000-000000000001';
      const lost = await refusal(openai.responses.create({ ...hello, previous_response_id: previous }));
      expect(lost).toMatchObject({ status: 404, param: 'previous_response_id', code: 'ERR_OPENAI_011' });
    });
  });

  describe('conversations', () => {
    const talks = () => openai.conversations;
    const texts = (items: readonly object[]) =>
      items.map((item) => (item as { content: { text: string }[] }).content.map(({ text }) => text).join(''));

    test('are made, read, changed and deleted', async () => {
      const made = await talks().create({ metadata: { topic: 'a' } });
      expect(made).toMatchObject({ object: 'conversation', metadata: { topic: 'a' } });
      expect(await talks().retrieve(made.id)).toEqual(made);
      expect(await talks().update(made.id, { metadata: { topic: 'b' } })).toMatchObject({ metadata: { topic: 'b' } });
      expect(await talks().delete(made.id)).toMatchObject({ id: made.id, deleted: true });
      expect(await refusal(talks().retrieve(made.id))).toMatchObject({ status: 404 });
    });

    test('hold what was said elsewhere, and what responses add', async () => {
      const remembers = model('fake/remembers', ['Fine.']);
      const made = await talks().create({ items: [{ role: 'user', content: 'I am Ann.' }] });
      const added = await talks().items.create(made.id, {
        items: [
          { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello Ann.' } as never] },
          { role: 'user', content: 'Still there?' },
        ],
      });
      expect(texts(added.data)).toEqual(['Hello Ann.', 'Still there?']);
      const response = await openai.responses.create({
        model: 'fake/remembers',
        conversation: made.id,
        input: 'How are you?',
      });
      expect(response.conversation).toEqual({ id: made.id });
      const said = ['I am Ann.', 'Hello Ann.', 'Still there?', 'How are you?', 'Fine.'];
      expect(remembers.requests[0]?.messages.map(({ content }) => content)).toEqual(said.slice(0, -1));
      const items = await Array.fromAsync(talks().items.list(made.id, { order: 'asc', limit: 2 }));
      expect(texts(items)).toEqual(said);
      expect(texts((await talks().items.list(made.id)).data)).toEqual(said.toReversed());

      const [first] = items;
      const one = { conversation_id: made.id };
      expect(await talks().items.retrieve(first?.id ?? '', one)).toEqual(first);
      expect(await talks().items.delete(first?.id ?? '', one)).toMatchObject({ id: made.id });
      expect(await refusal(talks().items.retrieve(first?.id ?? '', one))).toMatchObject({ status: 404 });
    });

    test('take nothing in while an answer is under way', async () => {
      const wait = gate();
      model('fake/busy', [{ gate: wait }, 'done']);
      const { id } = await talks().create();
      await openai.responses.create({ model: 'fake/busy', conversation: id, input: 'Go', background: true });
      const items = [{ role: 'user' as const, content: 'And?' }];
      expect(await refusal(talks().items.create(id, { items }))).toMatchObject({ status: 409 });
      const second = openai.responses.create({ model: 'fake/busy', conversation: id, input: 'Go on' });
      expect(await refusal(second)).toMatchObject({ status: 409, code: 'ERR_CHAT_005' });
      wait.open();
      const status = async () => texts((await talks().items.list(id)).data)[0];
      await expect.poll(status).toBe('done');
    });

    test('go on at once when their answer was stopped: the question after it waits for its end', async () => {
      const wait = gate();
      const script = (_request: unknown, at: number) => (at === 0 ? ['so far', { gate: wait }] : ['Good.']);
      model('fake/stop-and-ask', script);
      const talk = await openai.conversations.create({});
      const asked = { model: 'fake/stop-and-ask', conversation: talk.id };
      const first = await openai.responses.create({ ...asked, input: 'Go', background: true });
      await wait.reached;
      const stopped = openai.post(`/runs/${first.id.slice('resp_'.length)}/cancel`, {});
      await stopped;
      const next = await openai.responses.create({ ...asked, input: 'And now?' });
      expect(next.output_text).toBe('Good.');
    });

    test('take user and assistant messages only', async () => {
      const items = [{ role: 'system' as const, content: 'x' }];
      expect(await refusal(talks().create({ items }))).toMatchObject({ status: 400, param: 'items[0].role' });
    });

    test('a colleague is refused, and a neighbour finds nothing', async () => {
      const made = await talks().create({ items: [{ role: 'user', content: 'mine' }] });
      const [item] = (await talks().items.list(made.id)).data;
      const one = { conversation_id: made.id };
      const items = [{ role: 'user' as const, content: 'theirs' }];
      for (const [who, status] of [
        [await app.newUser(ann), 403],
        [await app.newUser(), 404],
      ] as const) {
        const { conversations, responses } = who.client;
        const tries = [
          () => conversations.retrieve(made.id),
          () => conversations.update(made.id, { metadata: {} }),
          () => conversations.delete(made.id),
          () => conversations.items.list(made.id),
          () => conversations.items.create(made.id, { items }),
          () => conversations.items.retrieve(item?.id ?? '', one),
          () => conversations.items.delete(item?.id ?? '', one),
          () => responses.create({ model: 'fake/hello', conversation: made.id, input: 'x' }),
        ];
        for (const attempt of tries) expect(await refusal(Promise.resolve(attempt()))).toMatchObject({ status });
      }
      expect(texts((await talks().items.list(made.id)).data)).toEqual(['mine']);
    });
  });

  test('an answer from a document names its place in OpenAI’s own forms', async () => {
    const text = 'The lighthouse of Vessau is 43 metres tall. It was built in 1887.';
    const { documents } = app.services;
    const tenants = (await openai.get('/tenants', {})) as { data: { id: string; slug: string }[] };
    const tenant = tenants.data.find(({ id }) => id === ann.tenantId) ?? { id: '', slug: '' };
    const added = (await openai.post('/documents', { body: { title: 'Lighthouse', content: text } })) as { id: string };
    await documents.ingest(tenant, added.id, new AbortController().signal);
    model('fake/reader', (request) => [
      `The lighthouse of Vessau is 43 metres tall [${request.passages?.[0]?.number}].`,
    ]);
    const asked = { model: 'fake/reader', retrieval: { mode: 'sparse' as const } };
    const question = 'How tall is the lighthouse of Vessau?';
    const answer = await openai.chat.completions.create({ ...asked, messages: [{ role: 'user', content: question }] });
    const { message } = answer.choices[0] ?? {};
    const cited = message?.annotations?.[0]?.url_citation;
    expect(cited).toMatchObject({ title: 'Lighthouse', document_id: added.id });
    expect(message?.content?.slice(cited?.start_index, cited?.end_index)).toContain('43 metres');
    const linked = (await openai.get(cited?.url.replace('/v1', '') ?? '', {})) as { text: string };
    expect(text).toContain(linked.text);
    expect(linked.text).toContain('43 metres');

    const response = await openai.responses.create({ ...asked, input: question });
    const [item] = response.output;
    expect(item).toMatchObject({
      content: [{ annotations: [{ type: 'file_citation', file_id: added.id, filename: 'Lighthouse' }] }],
    });
    const runner = openai.responses.stream({ ...asked, input: question });
    const types = (await Array.fromAsync(runner)).map(({ type }) => type);
    expect(types).toContain('response.output_text.annotation.added');
    expect((await runner.finalResponse()).output_text).toBe(response.output_text);
  });

  test('a repeat with the same idempotency key gets the same answer, and asks the model once', async () => {
    const once = model('fake/once', ['only']);
    const asked = { model: 'fake/once', messages: [{ role: 'user' as const, content: 'Hi' }] };
    const options = { headers: { 'Idempotency-Key': `key-${db.database.kind}` } };
    const first = await openai.chat.completions.create(asked, options);
    expect(await openai.chat.completions.create(asked, options)).toEqual(first);
    expect(once.requests).toHaveLength(1);
  });

  describe('models and embeddings', () => {
    test('the models are listed, and each is found by its name', async () => {
      const ids = await Array.fromAsync(openai.models.list(), ({ id }) => id);
      expect(ids).toContain('fake/hello');
      expect(ids).toContain('fake/vectors');
      expect(await openai.models.retrieve('fake/hello')).toMatchObject({ id: 'fake/hello', object: 'model' });
      expect(await openai.get('/models/fake/hello')).toMatchObject({ id: 'fake/hello' });
    });

    test('vectors are the same as numbers and as base64', async () => {
      const asked = { model: 'fake/vectors', input: ['one two', 'three'] };
      const numbers = await openai.embeddings.create({ ...asked, encoding_format: 'float' });
      const decoded = await openai.embeddings.create(asked);
      expect(numbers.data.map(({ index }) => index)).toEqual([0, 1]);
      expect(decoded.data.map(({ embedding }) => embedding)).toEqual(
        numbers.data.map(({ embedding }) => [...new Float32Array(embedding)]),
      );
      const [expected] = await embedder.embed(['one two'], new AbortController().signal);
      expect(numbers.data[0]?.embedding).toEqual(expected);
      expect(await refusal(openai.embeddings.create({ model: 'other', input: 'x' }))).toMatchObject({
        status: 404,
        code: 'model_not_found',
      });
      const tokens = await refusal(openai.embeddings.create({ model: 'fake/vectors', input: [1, 2] }));
      expect(tokens).toMatchObject({ status: 400, param: 'input' });
    });
  });
});

test.each(testDatabases().slice(0, 1))(
  'where nothing makes vectors, embeddings say so; too many requests are 429',
  async ({ open }) => {
    const db = await open();
    const hello = scriptedModel(['Hi'], { id: 'fake/hello' });
    const app = await openOpenaiApp(
      db.database,
      { 'fake/hello': hello },
      { settings: { RATE_LIMIT_RUN_PER_MINUTE: '1' } },
    );
    const { client } = await app.newUser();
    await expect(client.embeddings.create({ model: 'x', input: 'y' })).rejects.toMatchObject({
      status: 400,
      param: 'model',
      code: 'ERR_OPENAI_009',
    });
    const body = { model: 'fake/hello', messages: [{ role: 'user' as const, content: 'Hi' }] };
    await client.chat.completions.create(body);
    const refused = client.chat.completions.create(body);
    await expect(refused).rejects.toBeInstanceOf(OpenAI.RateLimitError);
    await expect(refused).rejects.toMatchObject({ code: 'rate_limit_exceeded', type: 'rate_limit_error' });
    await app[Symbol.asyncDispose]();
    await db.close();
  },
);

test.each(testDatabases().filter(({ kind }) => kind === 'server'))(
  'a client that lost its stream goes on with it at another replica',
  async ({ open }) => {
    const db = await open();
    const wait = gate();
    const writer = scriptedModel(['one ', { gate: wait }, 'two'], { id: 'fake/model' });
    const here = await openOpenaiApp(db.database, { 'fake/model': writer });
    const there = await openOpenaiApp(db.database, {});
    const { client, token } = await here.newUser();
    const other = new OpenAI({ baseURL: `${there.address}/v1`, apiKey: token, maxRetries: 0 });
    const stream = await client.responses.create({ model: 'fake/model', input: 'Count', stream: true });
    const seen: OpenAI.Responses.ResponseStreamEvent[] = [];
    for await (const event of stream) {
      seen.push(event);
      if (event.type === 'response.output_text.delta') break;
    }
    const [created] = seen;
    if (created?.type !== 'response.created') throw new Error('no beginning');
    const { id } = created.response;
    const rest = await other.responses.retrieve(id, { stream: true, starting_after: seen.length - 1 });
    wait.open();
    const events = [...seen, ...(await Array.fromAsync(rest))];
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
    expect(events.at(-1)).toMatchObject({ type: 'response.completed' });
    expect((await other.responses.retrieve(id)).output_text).toBe('one two');
    await there[Symbol.asyncDispose]();
    await here[Symbol.asyncDispose]();
    await db.close();
  },
);
