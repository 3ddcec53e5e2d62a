import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ModelError } from '../../src/ai/chat-model.ts';
import { gate, type Script, type ScriptedModel, scriptedModel } from '../../src/ai/fakes.ts';
import { ChatkitClient, input, shape, type Wire } from '../support/chatkit-client.ts';
import { anyTestDatabase, type TestDatabase } from '../support/databases.ts';
import { type OpenaiApp, type OpenaiUser, openOpenaiApp } from '../support/openai-app.ts';

const ORIGIN = 'https://shop.example.com';
const ABSENT = 'thr_01990000-0000-7000-8000-00000000dead';
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** The protocol as ChatKit's page speaks it, against the whole server. The numbers are the cases of its description. */
describe.each(anyTestDatabase())('ChatKit’s protocol on the $kind database', { timeout: 120_000 }, ({ open }) => {
  let db: TestDatabase;
  let app: OpenaiApp;
  let speech: Awaited<ReturnType<typeof fakeTranscriber>>;
  let ann: OpenaiUser;
  let bob: OpenaiUser;
  let carl: OpenaiUser;
  let page: ChatkitClient;
  const models: Record<string, ScriptedModel> = {};

  function answerWith(script: Parameters<typeof scriptedModel>[0]): ScriptedModel {
    const model = scriptedModel(script, { id: 'fake/scripted' });
    models[''] = models['fake/scripted'] = model;
    return model;
  }
  const pageOf = (user: OpenaiUser) => new ChatkitClient(`${app.address}/chatkit`, user.token);
  const settings = (changes: Record<string, unknown>) =>
    app.services.tenancy.settings.change({ id: ann.tenantId }, changes, { userId: ann.userId, as: 'admin' });
  const calling = (...calls: { id: string; name: string; input: unknown }[]): Script => [
    ...calls.map((toolCall) => ({ type: 'tool-call' as const, toolCall })),
    { type: 'finish', reason: 'tool-calls', usage: null },
  ];
  const api = async (path: string) =>
    (await fetch(app.address + path, { headers: { authorization: `Bearer ${ann.token}` } })).json();
  const create = (text = 'Hi', more = {}) => page.stream('threads.create', { input: input(text, more) });
  const threadOf = (events: readonly Wire[]): string =>
    events.find(({ type }) => type === 'thread.created')?.thread.id ?? '';
  const itemsOf = (events: readonly Wire[], kind = 'done') =>
    events.filter(({ type }) => type === `thread.item.${kind}`).map(({ item }) => item);

  beforeAll(async () => {
    speech = await fakeTranscriber();
    db = await open();
    answerWith(['Hel', 'lo!']);
    app = await openOpenaiApp(db.database, models, {
      settings: {
        ALLOWED_ORIGINS: ORIGIN,
        TRANSCRIPTION_MODEL: 'whisper-1',
        TRANSCRIPTION_BASE_URL: `${speech.address}/v1`,
        TRANSCRIPTION_API_KEY: 'key-of-the-test',
        ATTACHMENT_LIMIT_BYTES: '100000',
        REQUEST_TIMEOUT_MS: '60000',
      },
    });
    ann = await app.newUser();
    bob = await app.newUser(ann);
    carl = await app.newUser();
    page = pageOf(ann);
  }, 240_000);
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await db.close();
    speech.close();
  });

  describe('messages', () => {
    test('1, 4: a thread is created, its answer streamed, and kept as it was streamed', async () => {
      answerWith(['Hel', 'lo!']);
      const events = await create('How often do I water a fern?', { quoted_text: '' });
      expect(shape(events)).toEqual([
        'created',
        'done(user_message)',
        'stream_options',
        'updated',
        'progress_update',
        'added(assistant_message)',
        'added',
        'text_delta',
        'done',
        'done(assistant_message)',
      ]);
      const thread = events[0].thread;
      expect(thread).toEqual({
        id: expect.stringMatching(/^thr_/),
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        status: { type: 'active' },
        metadata: {},
        items: { data: [], has_more: false },
      });
      expect(events[1].item).toEqual({
        id: expect.stringMatching(/^msg_/),
        thread_id: thread.id,
        created_at: expect.any(String),
        type: 'user_message',
        content: [{ type: 'input_text', text: 'How often do I water a fern?' }],
        attachments: [],
        quoted_text: '',
        inference_options: {},
      });
      expect(events[2].stream_options).toEqual({ allow_cancel: true });
      expect(events[3].thread).toMatchObject({ id: thread.id, title: 'How often do I water a fern?' });
      expect(JSON.stringify(events)).not.toContain('null');
      const kept = await page.items(thread.id);
      expect(kept).toEqual([events[1].item, events.at(-1).item]);
      expect(kept[1].content).toEqual([{ type: 'output_text', text: 'Hello!', annotations: [] }]);
    });

    test('2: frames, their ends, and the rest of the transport', async () => {
      const response = await page.post({ type: 'threads.create', params: { input: input('Hi') } });
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': expect.stringMatching(/^text\/event-stream/),
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
      });
      const body = await response.text();
      expect(body.startsWith('data: {')).toBe(true);
      expect(body.endsWith('}\n\n')).toBe(true);
      expect(body).not.toMatch(/\[DONE\]|^(id|event):/m);
    });

    test('6, 7, 8, 9: more messages, with what the user chose, mentioned and quoted', async () => {
      const thread = threadOf(await create());
      const model = answerWith(['Yes.']);
      models['fake/fast'] = model;
      const tag = { type: 'input_tag', id: 'u1', text: 'Ann', data: { team: null, name: 'Ann' } };
      const said = await page.stream('threads.add_user_message', {
        thread_id: thread,
        input: {
          content: [{ type: 'input_text', text: 'Is it ' }, tag],
          attachments: [],
          quoted_text: 'two weeks',
          inference_options: { model: 'fake/fast', tool_choice: { id: 'calendar' } },
        },
      });
      expect(shape(said).slice(0, 3)).toEqual(['done(user_message)', 'stream_options', 'progress_update']);
      expect(said[0].item).toMatchObject({
        content: [
          { type: 'input_text', text: 'Is it ' },
          { ...tag, interactive: false },
        ],
        quoted_text: 'two weeks',
        inference_options: { model: 'fake/fast', tool_choice: { id: 'calendar' } },
      });
      expect(said[0].item.content[1]).toEqual({ ...tag, interactive: false });
      const request = model.requests.at(-1);
      expect(request?.instructions).toContain('calendar');
      expect(request?.messages.at(-1)?.content).toBe(
        'About this: "two weeks"\n\nIs it @Ann\n\n(@Ann is {"id":"u1","team":null,"name":"Ann"})',
      );
      // Empty content is a message, too; and other clients write null for no options.
      const empty = { content: [], attachments: [], inference_options: null };
      const silent = await page.stream('threads.add_user_message', { thread_id: thread, input: empty });
      expect(silent[0].item).toMatchObject({ content: [], inference_options: {} });
      expect(silent[0].item).not.toHaveProperty('quoted_text');
      expect(shape(silent).at(-1)).toBe('done(assistant_message)');
    });

    test('citations are annotations, at their place', async () => {
      const document = await app.services.documents.service.createFromText(
        { userId: ann.userId, role: 'owner', tenant: await tenantOf(ann) } as never,
        { title: 'Fern care', content: 'A fern needs water twice a week. It likes shade.' } as never,
      );
      await app.services.documents.ingest(await tenantOf(ann), document.id, AbortSignal.timeout(20_000));
      answerWith(['A fern needs water twice a week [1].']);
      const events = await create('How often does a fern need water?');
      expect(shape(events)).toContain('annotation_added');
      expect(events.filter(({ type }) => type === 'progress_update').at(-1).text).toBe('Reading a document…');
      const [, answer] = await page.items(threadOf(events));
      expect(answer).toEqual(events.at(-1).item);
      expect(answer.content[0].annotations).toEqual([
        {
          type: 'annotation',
          index: expect.any(Number),
          source: {
            type: 'file',
            title: 'Fern care',
            filename: 'Fern care',
            description: expect.stringContaining('twice a week'),
          },
        },
      ]);
      expect(answer.content[0].annotations[0].index).toBeLessThanOrEqual(answer.content[0].text.length);
    });
  });

  describe('errors', () => {
    test('16: an answer that fails says so, offers to try again, and keeps the message', async () => {
      answerWith([{ fail: new ModelError('unavailable', 'secret detail') }]);
      const events = await create();
      expect(events.at(-1)).toEqual({
        type: 'error',
        code: 'custom',
        message: 'The model could not be reached or gave an unusable answer.',
        allow_retry: true,
      });
      expect((await page.items(threadOf(events))).map(({ type }) => type)).toEqual(['user_message']);
      answerWith(['Half', { fail: new ModelError('unavailable', 'away') }]);
      const half = await create();
      expect(shape(half).slice(-2)).toEqual(['done(assistant_message)', 'error']);
      expect((await page.items(threadOf(half)))[1]).toMatchObject({ content: [{ text: 'Half' }] });
    });

    test('19: what cannot be read is refused with a message, and nothing is stored', async () => {
      const before = (await page.json('threads.list')).body.data.length;
      const params = { input: { ...input('Hi'), content: 'Hi' } };
      for (const body of [
        '{"type":',
        { type: 'threads.stop', params: {} },
        { type: 'threads.create' },
        { type: 'threads.create', params },
        { type: 'items.feedback', params: { thread_id: ABSENT, item_ids: [], kind: 'fair' } },
        { params: {} },
      ]) {
        const response = await page.post(body);
        expect(response.status, JSON.stringify(body)).toBe(400);
        expect(await response.json()).toMatchObject({ message: expect.any(String), code: expect.any(String) });
      }
      expect((await page.json('threads.list')).body.data).toHaveLength(before);
    });

    test('what a person may have done wrong is said in the stream: the page shows nothing of an HTTP error', async () => {
      const before = (await page.json('threads.list')).body.data.length;
      const long = 'x'.repeat(32_001);
      const message = 'The message has 32001 characters; 32000 are allowed.';
      const refused = [{ type: 'error', code: 'custom', message, allow_retry: false }];
      expect(await create(long)).toEqual(refused);
      expect(await create('Hi', { quoted_text: long })).toEqual(refused);
      expect((await page.json('threads.list')).body.data).toHaveLength(before);
      for (const text of ['Fern\0', 'Fern \ud83c']) {
        expect(await create(text)).toEqual([
          { type: 'error', code: 'custom', message: expect.stringContaining('cannot be kept'), allow_retry: false },
        ]);
        expect(await page.json('threads.update', { thread_id: ABSENT, title: text })).toMatchObject({
          status: 400,
          body: { code: 'ERR_REQUEST_002', message: expect.stringContaining('params.title') },
        });
      }
      expect((await page.json('threads.list')).body.data).toHaveLength(before);
      const viewer = pageOf(await app.newUser(ann, 'viewer'));
      const told = await viewer.stream('threads.create', { input: input('Hi') });
      expect(told).toMatchObject([{ type: 'error', code: 'custom', allow_retry: false }]);
      expect((await viewer.json('threads.update', { thread_id: ABSENT, title: 'x' })).status).toBe(403);
    });

    test('20, 21, 22, 60: what is not there, or another user’s, or another tenant’s', async () => {
      answerWith(['Mine.']);
      const events = await create('A secret');
      const [thread, item] = [threadOf(events), events[1].item.id];
      for (const [who, thread_id] of [
        [page, ABSENT],
        [page, 'nothing'],
        [pageOf(bob), thread],
        [pageOf(carl), thread],
      ] as const) {
        const message = 'There is no thread with this id.';
        for (const [type, params] of Object.entries({
          'threads.get_by_id': {},
          'threads.update': { title: 'Mine now' },
          'threads.delete': {},
          'items.list': {},
          'items.feedback': { item_ids: [item], kind: 'positive' },
          'threads.sync_custom_action': { action: { type: 'go' } },
        })) {
          expect(await who.json(type, { thread_id, ...params }), type).toMatchObject({
            status: 404,
            body: { message },
          });
        }
        for (const [type, params] of Object.entries({
          'threads.add_user_message': { input: input('Hi') },
          'threads.add_client_tool_output': { result: {} },
          'threads.add_structured_input': { item_id: item, input: {} },
          'threads.retry_after_item': { item_id: item },
          'threads.custom_action': { action: { type: 'go' } },
        })) {
          const error = { type: 'error', code: 'custom', message, allow_retry: false };
          expect(await who.stream(type, { thread_id, ...params }), type).toEqual([error]);
        }
      }
      expect(await page.items(thread)).toHaveLength(2);
      const own = (await pageOf(bob).json('threads.list')).body.data;
      expect(own).toEqual([]);
      // A bad attachment leaves no thread behind.
      const before = (await page.json('threads.list')).body.data.length;
      for (const id of ['atc_01990000-0000-7000-8000-00000000dead', 'nothing']) {
        expect(await create('Hi', { attachments: [id] })).toMatchObject([{ type: 'error', code: 'custom' }]);
      }
      expect((await page.json('threads.list')).body.data).toHaveLength(before);
      const anonymous = await new ChatkitClient(`${app.address}/v1/chatkit`, 'wrong').post({ type: 'threads.list' });
      expect(anonymous.status).toBe(401);
      expect(await anonymous.json()).toMatchObject({ message: expect.any(String) });
    });
  });

  describe('tools of the page', () => {
    const cart = { type: 'function', name: 'read_cart', parameters: { type: 'object' } };
    const call = (id: string, name = 'read_cart', args: unknown = { coupon: null, include_saved: false }) => ({
      id,
      name,
      input: args,
    });

    test('23, 24, 27: one call, its output, and the answer goes on', async () => {
      await settings({ 'chatkit.tools': [cart] });
      const model = answerWith((_request, count) => (count === 0 ? calling(call('call_9')) : ['Two pots.']));
      const events = await create('What is in my cart?');
      const thread = threadOf(events);
      expect(shape(events)).toEqual([
        'created',
        'done(user_message)',
        'stream_options',
        'updated',
        'progress_update',
        'done(client_tool_call)',
      ]);
      const pending = events.at(-1).item;
      expect(pending).toMatchObject({
        id: expect.stringMatching(/^tc_/),
        status: 'pending',
        call_id: 'call_9',
        name: 'read_cart',
        arguments: { coupon: null, include_saved: false },
      });
      expect((await page.items(thread)).at(-1)).toEqual(pending);
      expect((await page.json('items.list', { thread_id: thread })).body.data[0]).toEqual(pending);
      const result = { pots: 2, size: null };
      const more = await page.stream('threads.add_client_tool_output', { thread_id: thread, result });
      expect(shape(more)).toEqual([
        'stream_options',
        'added(assistant_message)',
        'added',
        'text_delta',
        'done',
        'done(assistant_message)',
      ]);
      expect(model.requests.at(-1)?.messages.at(-1)).toMatchObject({ role: 'tool', content: JSON.stringify(result) });
      const kept = await page.items(thread);
      expect(kept.map(({ type }) => type)).toEqual(['user_message', 'client_tool_call', 'assistant_message']);
      expect(kept[1]).toEqual({ ...pending, status: 'completed', output: result });
      expect(kept[2]).toEqual(more.at(-1).item);
      // 25: nothing waits any more.
      const again = await page.stream('threads.add_client_tool_output', { thread_id: thread, result });
      expect(again).toMatchObject([
        { type: 'error', message: 'Nothing in this thread waits for the output of a tool.' },
      ]);
      await settings({ 'chatkit.tools': null });
    });

    test('several calls are dealt with one after the other; null is an output', async () => {
      await settings({ 'chatkit.tools': [cart] });
      answerWith((_request, count) => (count === 0 ? calling(call('call_a'), call('call_b')) : ['Both.']));
      const events = await create();
      const thread = threadOf(events);
      expect(events.at(-1).item.call_id).toBe('call_a');
      const second = await page.stream('threads.add_client_tool_output', { thread_id: thread, result: null });
      expect(shape(second)).toEqual(['stream_options', 'done(client_tool_call)']);
      expect(second.at(-1).item).toMatchObject({ call_id: 'call_b', status: 'pending' });
      const last = await page.stream('threads.add_client_tool_output', { thread_id: thread, result: 1 });
      expect(last.at(-1).item.content[0].text).toBe('Both.');
      const kept = await page.items(thread);
      expect(kept.map(({ call_id, status }) => [call_id, status])).toEqual([
        [undefined, undefined],
        ['call_a', 'completed'],
        ['call_b', 'completed'],
        [undefined, undefined],
      ]);
      await settings({ 'chatkit.tools': null });
    });

    test('what is complete of an answer is there while it goes on: in another tab, and for the widget’s own actions', async () => {
      await settings({ 'chatkit.tools': [cart] });
      const hold = gate();
      answerWith((_request, count) =>
        count === 0 ? ['Look: ', ...calling(call('call_1'))] : ['Two ', { gate: hold }, 'pots.'],
      );
      const thread = threadOf(await create());
      const result = { widget: { type: 'Card', children: [] } };
      const going = page.stream('threads.add_client_tool_output', { thread_id: thread, result });
      await hold.reached;
      const meanwhile = await page.items(thread);
      expect(meanwhile.map(({ type, status }) => status ?? type)).toEqual([
        'user_message',
        'assistant_message',
        'completed',
        'widget',
      ]);
      for (const limit of [1, 3]) {
        expect(await page.items(thread, 'asc', limit)).toEqual(meanwhile);
        expect(await page.items(thread, 'desc', limit)).toEqual(meanwhile.toReversed());
      }
      const act = { thread_id: thread, item_id: meanwhile[3].id, action: { type: 'wink' } };
      expect(await page.json('threads.sync_custom_action', act)).toEqual({ status: 200, body: {} });
      hold.open();
      const last = (await going).at(-1).item;
      expect(await page.items(thread)).toEqual([...meanwhile, last]);
      // Retry from an item of an answer that goes on stops it.
      const again = gate();
      answerWith((_request, count) => (count === 0 ? ['Well ', { gate: again }] : ['Better.']));
      const stopped = page.stream('threads.add_user_message', { thread_id: thread, input: input('And?') });
      await again.reached;
      const { active_run_id } = (await api(`/v1/sessions/${thread.slice(4)}`)) as Wire;
      const { message_id } = (await api(`/v1/runs/${active_run_id}`)) as Wire;
      const from = { thread_id: thread, item_id: `msg_${message_id}` };
      expect(shape(await page.stream('threads.retry_after_item', from)).at(-1)).toBe('done(assistant_message)');
      expect(shape(await stopped).at(-1)).toBe('notice');
      const said = (await page.items(thread)).filter(({ type }) => type.endsWith('message'));
      expect(said.map(({ content }) => content[0].text)).toEqual(['Hi', 'Look: ', 'Two pots.', 'And?', 'Better.']);
      await settings({ 'chatkit.tools': null });
    });

    test('a setting that names what is not there costs nobody the answer', async () => {
      await settings({ 'chatkit.tools': [{ type: 'mcp', server: 'gone' }, cart, cart] });
      const model = answerWith(['Hi.']);
      expect(shape(await create()).at(-1)).toBe('done(assistant_message)');
      expect(model.requests.at(-1)?.tools?.map(({ name }) => name)).toEqual(['read_cart']);
      await settings({
        'chatkit.tools': [{ type: 'mcp', server: 'gone' }],
        'tools.default': [{ type: 'search_documents' }],
      });
      expect(shape(await create()).at(-1)).toBe('done(assistant_message)');
      expect(model.requests.at(-1)?.tools ?? []).toEqual([]);
      await settings({ 'chatkit.tools': null, 'tools.default': null });
    });

    test('26: the user writes on, and the call stays open for ever', async () => {
      await settings({ 'chatkit.tools': [cart] });
      answerWith((_request, count) => (count === 0 ? calling(call('call_1')) : ['Never mind.']));
      const thread = threadOf(await create());
      const more = await page.stream('threads.add_user_message', { thread_id: thread, input: input('Forget it') });
      expect(shape(more).at(-1)).toBe('done(assistant_message)');
      expect((await page.items(thread)).map(({ type, status }) => status ?? type)).toEqual([
        'user_message',
        'pending',
        'user_message',
        'assistant_message',
      ]);
      const late = await page.stream('threads.add_client_tool_output', { thread_id: thread, result: {} });
      expect(late).toMatchObject([{ type: 'error' }]);
      await settings({ 'chatkit.tools': null });
    });

    test('ChatKit REST knows no outputs: its next message gives up the call, and the session stays open', async () => {
      await settings({ 'chatkit.tools': [cart] });
      answerWith((_request, count) => (count === 0 ? calling(call('call_1')) : ['Never mind.']));
      const post = (path: string, body: object) =>
        fetch(`${app.address}/v1/chatkit/sessions${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${ann.token}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
      const { data } = (await (await post('', {})).json()) as Wire;
      const say = async (text: string) => {
        const message = { role: 'user', content: [{ type: 'input_text', text }] };
        return (await post(`/${data.id}/threads/${data.id}/runs`, { message })).text();
      };
      expect(await say('What is in my cart?')).toContain('"client_tool_call"');
      expect(await say('Forget it')).toContain('Never mind.');
      await settings({ 'chatkit.tools': null });
    });

    test('28 to 33: the model asks its user by a form', async () => {
      await settings({ 'chatkit.ask_user': true });
      const questions = [
        { id: 'size', question: 'Which size?', options: ['small', 'large'] },
        { id: 'colours', question: 'Which colours?', options: ['red', 'blue'], multiple: true },
        { id: 'note', question: 'Anything else?' },
      ];
      const model = answerWith((_request, count) =>
        count % 2 === 0 ? calling(call(`call_${count}`, 'ask_user', { questions })) : ['Ordered.'],
      );
      const events = await create('I want a pot');
      const thread = threadOf(events);
      const asked = events.at(-1).item;
      expect(asked).toMatchObject({
        type: 'structured_input',
        status: 'pending',
        inputs: [
          { id: 'size', type: 'multiple_choice', options: [{ value: 'small' }, { value: 'large' }], multiple: false },
          { id: 'colours', multiple: true },
          { id: 'note', question: 'Anything else?', type: 'freeform' },
        ],
      });
      // The output of a tool is no answer to a question.
      const wrong = await page.stream('threads.add_client_tool_output', { thread_id: thread, result: {} });
      expect(wrong).toMatchObject([{ type: 'error' }]);
      const answers = {
        size: { values: ['huge', 'small'] },
        colours: { values: ['red', 'blue'] },
        other: { values: ['x'] },
      };
      const submit = { thread_id: thread, item_id: asked.id, input: { status: 'answered', answers } };
      const more = await page.stream('threads.add_structured_input', submit);
      expect(shape(more).slice(0, 3)).toEqual([
        'stream_options',
        'replaced(structured_input)',
        'added(assistant_message)',
      ]);
      expect(more[1].item).toEqual({
        ...asked,
        status: 'answered',
        inputs: [
          { ...asked.inputs[0], answer: { values: ['huge'], skipped: false } },
          { ...asked.inputs[1], answer: { values: ['red', 'blue'], skipped: false } },
          { ...asked.inputs[2], answer: { values: [], skipped: true } },
        ],
      });
      expect((await page.items(thread))[1]).toEqual(more[1].item);
      expect(String(model.requests.at(-1)?.messages.at(-1)?.content)).toContain('huge');
      expect(await page.stream('threads.add_structured_input', submit)).toMatchObject([{ type: 'error' }]);

      const next = await page.stream('threads.add_user_message', { thread_id: thread, input: input('Another') });
      const skip = { status: 'skipped', answers };
      const skipped = await page.stream('threads.add_structured_input', {
        thread_id: thread,
        item_id: next.at(-1).item.id,
        input: skip,
      });
      expect(skipped[1].item.status).toBe('skipped');
      expect(skipped[1].item.inputs.every((one: Wire) => one.answer.skipped && one.answer.values.length === 0)).toBe(
        true,
      );
      expect((await page.items(thread)).at(-2)).toEqual(skipped[1].item);
      await settings({ 'chatkit.ask_user': null });
    });

    test('38 to 43: what an output shows; actions of widgets', async () => {
      await settings({ 'chatkit.tools': [cart] });
      const widget = {
        type: 'Card',
        id: null,
        children: [
          { type: 'Button', label: 'Buy', onClickAction: { type: 'buy', payload: { pot: 7, note: null } } },
          null,
        ],
      };
      const model = answerWith((_request, count) => (count === 0 ? calling(call('call_1')) : ['Done.']));
      const thread = threadOf(await create());
      const result = {
        widget,
        copy_text: 'A pot',
        image: { url: 'https://img.example/pot.png' },
        client_effect: { name: 'sparkle', data: { times: null } },
        notice: { level: 'warning', message: 'Only one left' },
      };
      const events = await page.stream('threads.add_client_tool_output', { thread_id: thread, result });
      expect(shape(events).slice(0, 5)).toEqual([
        'stream_options',
        'done(widget)',
        'done(generated_image)',
        'client_effect',
        'notice',
      ]);
      const [item] = itemsOf(events);
      expect(item).toMatchObject({
        copy_text: 'A pot',
        widget: { type: 'Card', children: [{ onClickAction: { payload: { pot: 7 } } }] },
      });
      expect(JSON.stringify(item)).not.toContain('null');
      expect(events[3]).toEqual({ type: 'client_effect', name: 'sparkle', data: { times: null } });
      const kept = await page.items(thread);
      expect(kept.filter(({ type }) => type === 'widget')).toEqual([item]);

      const action = { type: 'buy', payload: { pot: 7, when: null } };
      const acted = await page.stream('threads.custom_action', { thread_id: thread, item_id: item.id, action });
      expect(shape(acted)[0]).toBe('stream_options');
      expect(shape(acted).at(-1)).toBe('done(assistant_message)');
      expect(String(model.requests.at(-1)?.messages.at(-1)?.content)).toContain('[buy {"pot":7,"when":null}]');
      // The act itself is not shown.
      expect((await page.items(thread)).filter(({ type }) => type === 'user_message')).toHaveLength(1);
      const free = await page.stream('threads.custom_action', { thread_id: thread, action: { type: 'hello' } });
      expect(shape(free).at(-1)).toBe('done(assistant_message)');
      const noWidget = { thread_id: thread, item_id: kept[0].id, action };
      expect(await page.stream('threads.custom_action', noWidget)).toEqual([
        { type: 'error', code: 'stream.error', allow_retry: false },
      ]);
      expect(await page.json('threads.sync_custom_action', { thread_id: thread, item_id: item.id, action })).toEqual({
        status: 200,
        body: {},
      });
      expect((await page.json('threads.sync_custom_action', noWidget)).status).toBe(400);
      await settings({ 'chatkit.tools': null });
    });
  });

  describe('retry', () => {
    test('34, 35, 36, 37: a message is answered once more, and what came after it is gone', async () => {
      answerWith(['First.']);
      const thread = threadOf(await create('one'));
      const second = await page.stream('threads.add_user_message', { thread_id: thread, input: input('two') });
      await page.stream('threads.add_user_message', { thread_id: thread, input: input('three') });
      const model = answerWith(['Better.']);
      const retried = await page.stream('threads.retry_after_item', { thread_id: thread, item_id: second[0].item.id });
      expect(shape(retried)[0]).toBe('stream_options');
      const kept = await page.items(thread);
      expect(kept.map(({ content }) => content[0].text)).toEqual(['one', 'First.', 'two', 'Better.']);
      expect(kept[2]).toEqual(second[0].item);
      expect(model.requests.at(-1)?.messages.map(({ content }) => content)).toEqual(['one', 'First.', 'two']);
      // The page may name an item of the answer.
      const walked = await page.stream('threads.retry_after_item', { thread_id: thread, item_id: kept[1].id });
      expect(shape(walked).at(-1)).toBe('done(assistant_message)');
      expect((await page.items(thread)).map(({ content }) => content[0].text)).toEqual(['one', 'Better.']);
      const unknown = { thread_id: thread, item_id: 'msg_01990000-0000-7000-8000-00000000dead' };
      expect(await page.stream('threads.retry_after_item', unknown)).toMatchObject([{ type: 'error' }]);
      expect(await page.items(thread)).toHaveLength(2);
    });
  });

  describe('stop', () => {
    test('49: closing the request stops the answer and keeps what was said', async () => {
      const hold = gate();
      const model = answerWith(['Hello, ', 'World!', { gate: hold }, 'never']);
      const stop = new AbortController();
      let thread = '';
      let said = '';
      const seen: Wire[] = [];
      const reading = (async () => {
        for await (const event of page.events('threads.create', { input: input('Hi') }, stop.signal)) {
          seen.push(event);
          if (event.type === 'thread.created') thread = event.thread.id;
          said += event.update?.delta ?? '';
          if (said === 'Hello, World!') stop.abort();
        }
      })();
      await expect(reading).rejects.toThrow();
      await expect.poll(() => model.abandoned, { timeout: 60_000 }).toBe(1);
      await expect
        .poll(async () => (await page.items(thread)).map(({ content }) => content[0].text), { timeout: 60_000 })
        .toEqual(['Hi', 'Hello, World!']);
      // Whoever writes on at once waits for the old answer to end; the model is told that it was broken off.
      const next = answerWith(['Good.']);
      const more = await page.stream('threads.add_user_message', { thread_id: thread, input: input('And now?') });
      expect(shape(more).at(-1)).toBe('done(assistant_message)');
      expect(String(next.requests.at(-1)?.messages.at(-2)?.content)).toMatch(/Hello, World!.*broken off/s);
    });

    test('50: nothing said, nothing kept; a question right after a stop is answered', async () => {
      const hold = gate();
      answerWith([{ gate: hold }, 'never']);
      const stop = new AbortController();
      const events = page.events('threads.create', { input: input('Hi') }, stop.signal);
      const thread: string = ((await events.next()).value as Wire).thread.id;
      await hold.reached;
      stop.abort();
      answerWith(['Good.']);
      const more = await page.stream('threads.add_user_message', { thread_id: thread, input: input('And now?') });
      expect(shape(more).at(-1)).toBe('done(assistant_message)');
      expect((await page.items(thread)).map(({ content }) => content[0].text)).toEqual(['Hi', 'And now?', 'Good.']);
    });

    test('a tenant may have answers finished instead, and then the page offers no stop', async () => {
      await settings({ 'chatkit.stop_on_close': false });
      const hold = gate();
      answerWith(['Hello, ', { gate: hold }, 'World!']);
      const stop = new AbortController();
      const seen: Wire[] = [];
      await expect(
        (async () => {
          for await (const event of page.events('threads.create', { input: input('Hi') }, stop.signal)) {
            seen.push(event);
            if (event.update?.delta === 'Hello, ') stop.abort();
          }
        })(),
      ).rejects.toThrow();
      expect(seen[2].stream_options).toEqual({ allow_cancel: false });
      hold.open();
      await expect
        .poll(async () => (await page.items(threadOf(seen)))[1]?.content[0].text, { timeout: 60_000 })
        .toBe('Hello, World!');
      await settings({ 'chatkit.stop_on_close': null });
    });

    test('a second question while one is answered is refused in words', async () => {
      const hold = gate();
      answerWith(['Well', { gate: hold }, '.']);
      const first = page.events('threads.create', { input: input('Hi') });
      const thread: string = ((await first.next()).value as Wire).thread.id;
      await hold.reached;
      const second = await page.stream('threads.add_user_message', { thread_id: thread, input: input('Quick') });
      expect(second).toMatchObject([{ type: 'error', code: 'custom', allow_retry: false }]);
      hold.open();
      expect(shape(await Array.fromAsync(first)).at(-1)).toBe('done(assistant_message)');
    });
  });

  describe('reading', () => {
    test('53, 54, 55, 56, 58, 59: pages of threads and items', async () => {
      const dora = await app.newUser();
      const own = pageOf(dora);
      answerWith(['Yes.']);
      const threads: string[] = [];
      for (let count = 0; count < 5; count += 1) {
        threads.push(threadOf(await own.stream('threads.create', { input: input(`t${count}`) })));
      }
      const list = async (params: object) => (await own.json('threads.list', params)).body;
      const first = await list({ limit: 3 });
      expect(first.data.map(({ id }: Wire) => id)).toEqual(threads.toReversed().slice(0, 3));
      expect(first).toMatchObject({ has_more: true, after: threads[2] });
      expect(first.data[0]).toMatchObject({ title: 't4', items: { data: [], has_more: false } });
      const rest = await list({ limit: 3, after: first.after });
      expect(rest.data.map(({ id }: Wire) => id)).toEqual([threads[1], threads[0]]);
      expect(rest).not.toHaveProperty('after');
      expect(rest.has_more).toBe(false);
      for (const limit of [9999, null, 0]) expect((await list({ limit })).data).toHaveLength(5);
      expect((await list({ order: 'asc' })).data.map(({ id }: Wire) => id)).toEqual(threads);
      expect(((await (await own.post({ type: 'threads.list' })).json()) as Wire).data).toHaveLength(5);

      const thread = threads[0] as string;
      for (let count = 0; count < 12; count += 1) {
        await own.stream('threads.add_user_message', { thread_id: thread, input: input(`m${count}`) });
      }
      const all = await own.items(thread);
      expect(all).toHaveLength(26);
      expect(new Set(all.map(({ id }) => id)).size).toBe(26);
      expect((await own.items(thread, 'desc')).map(({ id }) => id)).toEqual(all.map(({ id }) => id).toReversed());
      expect((await own.items(thread, 'asc', 3)).map(({ id }) => id)).toEqual(all.map(({ id }) => id));
      expect((await own.items(thread, 'desc', 7)).map(({ id }) => id)).toEqual(all.map(({ id }) => id).toReversed());
      const page20 = (await own.json('items.list', { thread_id: thread })).body;
      expect(page20).toMatchObject({ has_more: true, after: all[6].id });
      expect(page20.data).toHaveLength(20);
      const whole = (await own.json('threads.get_by_id', { thread_id: thread })).body;
      expect(whole.items).toEqual({ data: all.slice(0, 20), has_more: true, after: all[19].id });
      // AI SDK's dialect makes a session's id of a name, so that it says nothing of its time.
      const talk = { id: 'a name', messages: [{ id: 'a', role: 'user', parts: [{ type: 'text', text: 'named' }] }] };
      const headers = { authorization: `Bearer ${dora.token}`, 'content-type': 'application/json' };
      await (
        await fetch(`${app.address}/v1/ai-sdk/chat`, { method: 'POST', headers, body: JSON.stringify(talk) })
      ).text();
      const newest = threadOf(await own.stream('threads.create', { input: input('t6') }));
      const named = (await list({ limit: 2 })).data;
      expect(named.map(({ title }: Wire) => title)).toEqual(['t6', 'named']);
      expect((await list({ after: newest })).data.map(({ title }: Wire) => title).slice(0, 2)).toEqual(['named', 't4']);
      expect((await list({ after: named[1].id })).data.map(({ id }: Wire) => id)).toEqual(threads.toReversed());

      const wrong = { thread_id: thread, after: 'msg_01990000-0000-7000-8000-00000000dead' };
      expect(await own.json('items.list', wrong)).toMatchObject({ status: 404, body: { message: expect.any(String) } });
    });

    test('57: acts are in no page, and pages go on behind them', async () => {
      const thread = threadOf(await create());
      for (let count = 0; count < 30; count += 1) {
        await page.json('threads.sync_custom_action', { thread_id: thread, action: { type: `act${count}` } });
      }
      await page.stream('threads.add_user_message', { thread_id: thread, input: input('More') });
      for (const limit of [1, 2, 3]) {
        expect((await page.items(thread, 'asc', limit)).map(({ type }) => type)).toEqual([
          'user_message',
          'assistant_message',
          'user_message',
          'assistant_message',
        ]);
      }
    });

    test('61, 67: threads are renamed and deleted, answers rated', async () => {
      const events = await create();
      const thread = threadOf(events);
      const { body } = await page.json('threads.update', { thread_id: thread, title: 'Ferns' });
      expect(body).toMatchObject({ id: thread, title: 'Ferns', items: { data: [], has_more: false } });
      const ids = itemsOf(events).map(({ id }) => id);
      for (const kind of ['positive', 'negative']) {
        expect(await page.json('items.feedback', { thread_id: thread, item_ids: ids, kind })).toEqual({
          status: 200,
          body: {},
        });
      }
      const nothing = { thread_id: thread, item_ids: [], kind: 'positive' };
      expect(await page.json('items.feedback', nothing)).toEqual({ status: 200, body: {} });
      const headers = { authorization: `Bearer ${ann.token}` };
      const own = await fetch(`${app.address}/v1/sessions/${thread.slice(4)}/feedback`, { headers });
      const { data } = (await own.json()) as { data: { rating: string; user_id: string }[] };
      expect(data.map(({ rating, user_id }) => [rating, user_id])).toEqual([
        ['negative', ann.userId],
        ['negative', ann.userId],
      ]);
      const admins = await fetch(`${app.address}/v1/feedback?rating=negative`, { headers });
      expect(((await admins.json()) as { data: object[] }).data).toEqual(expect.arrayContaining(data));
      const members = await fetch(`${app.address}/v1/feedback`, { headers: { authorization: `Bearer ${bob.token}` } });
      expect(members.status).toBe(403);
      expect(await page.json('threads.delete', { thread_id: thread })).toEqual({ status: 200, body: {} });
      expect((await page.json('threads.get_by_id', { thread_id: thread })).status).toBe(404);
    });
  });

  test('an answer is rated while it is under way, and is rated still when it is there', async () => {
    const hold = gate();
    answerWith(['Water it', { gate: hold }, '.']);
    const events = page.events('threads.create', { input: input('Hi') });
    let thread = '';
    let item = '';
    for (; item === ''; ) {
      const { value } = await events.next();
      thread = value.thread?.id ?? thread;
      if (value.type === 'thread.item.added') item = value.item.id;
    }
    const rate = (who: ChatkitClient, kind: string) =>
      who.json('items.feedback', { thread_id: thread, item_ids: [item], kind });
    const ratings = async (path = `/v1/sessions/${thread.slice(4)}/feedback`) =>
      ((await api(path)) as { data: { session_id: string; rating: string }[] }).data
        .filter(({ session_id }) => session_id === thread.slice(4))
        .map(({ rating }) => rating);
    expect((await rate(page, 'positive')).status).toBe(200);
    expect((await rate(pageOf(bob), 'positive')).status).toBe(404);
    expect((await rate(pageOf(carl), 'positive')).status).toBe(404);
    expect((await rate(page, 'negative')).status).toBe(200);
    expect(await ratings()).toEqual(['negative']);
    hold.open();
    await Array.fromAsync(events);
    expect(await ratings('/v1/feedback')).toEqual(['negative']);
    expect(await ratings()).toEqual(['negative']);
    expect((await rate(page, 'positive')).status).toBe(200);
    expect(await ratings()).toEqual(['positive']);
  });

  test.each(['GET', 'PUT', 'DELETE'])('%s is no method of the protocol', async (method) => {
    const answer = await fetch(`${app.address}/chatkit`, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });

  describe('files', () => {
    const send = async (
      user: OpenaiUser,
      url: string,
      file: { bytes: Buffer | string; name: string; type: string },
      field = 'file',
    ) => {
      const form = new FormData();
      form.set(field, new Blob([file.bytes as never], { type: file.type }), file.name);
      const headers = { authorization: `Bearer ${user.token}`, 'chatkit-frame-instance-id': 'x' };
      const response = await fetch(url, { method: 'POST', headers, body: form });
      return { status: response.status, body: (await response.json()) as Wire };
    };
    const notes = { bytes: 'The launch code of the greenhouse is 7431.\n', name: 'notes.txt', type: 'text/plain' };

    test('65, 64: a file is uploaded and sent, and the answer is given its text, in this thread only', async () => {
      const { status, body } = await send(ann, `${app.address}/chatkit/attachments`, notes);
      expect({ status, body }).toEqual({
        status: 200,
        body: { type: 'file', id: expect.stringMatching(/^atc_/), name: 'notes.txt', mime_type: 'text/plain' },
      });
      expect((await send(ann, `${app.address}/chatkit/attachments`, notes, 'document')).status).toBe(400);
      expect(
        await pageOf(bob).stream('threads.create', { input: input('Hi', { attachments: [body.id] }) }),
      ).toMatchObject([{ type: 'error', message: 'This attachment belongs to another user.' }]);
      const model = answerWith(['It is 7431 [1].']);
      const events = await create('What is the launch code?', { attachments: [body.id] });
      const thread = threadOf(events);
      expect(events[1].item.attachments).toEqual([{ ...body, thread_id: thread }]);
      expect(model.requests.at(-1)?.passages?.[0]).toMatchObject({
        number: 1,
        title: 'notes.txt',
        text: expect.stringContaining('7431'),
      });
      expect(events.at(-1).item.content[0].annotations).toMatchObject([{ source: { filename: 'notes.txt' } }]);
      await page.stream('threads.add_user_message', { thread_id: thread, input: input('Say the code again') });
      expect(model.requests.at(-1)?.passages?.[0]?.text).toContain('7431');
      await create('What is the launch code of the greenhouse?');
      expect(JSON.stringify(model.requests.at(-1)?.passages ?? [])).not.toContain('7431');
      // It belongs to its thread now.
      expect(await create('Hi', { attachments: [body.id] })).toMatchObject([{ type: 'error' }]);
      expect((await page.json('attachments.delete', { attachment_id: body.id })).status).toBe(409);
    });

    test('62, 66: a file in two phases, a picture with a preview, and files that are taken away again', async () => {
      const announced = await page.json('attachments.create', {
        name: 'pot.png',
        size: PNG.length,
        mime_type: 'image/png',
      });
      expect(announced.body).toMatchObject({
        type: 'image',
        name: 'pot.png',
        mime_type: 'image/png',
        preview_url: expect.stringMatching(/^http/),
        upload_descriptor: { url: expect.stringMatching(/^http/), method: 'POST', headers: {} },
      });
      const { id, upload_descriptor, preview_url } = announced.body;
      expect(await create('Look', { attachments: [id] })).toMatchObject([
        { type: 'error', message: 'The file pot.png has not been uploaded yet.' },
      ]);
      const file = { bytes: PNG, name: 'pot.png', type: 'image/png' };
      expect((await send(bob, upload_descriptor.url, file)).status).toBe(403);
      expect((await send(carl, upload_descriptor.url, file)).status).toBe(404);
      expect((await send(ann, upload_descriptor.url, file)).body).toMatchObject({ id, mime_type: 'image/png' });
      const shown = await fetch(preview_url);
      expect(shown.headers.get('content-type')).toBe('image/png');
      expect(Buffer.from(await shown.arrayBuffer())).toEqual(PNG);
      expect((await fetch(`${preview_url}x`)).status).toBe(404);
      const sent = await create('Look', { attachments: [id] });
      expect(sent[1].item.attachments[0]).toMatchObject({ type: 'image', preview_url, thread_id: threadOf(sent) });
      expect(sent[1].item.attachments[0]).not.toHaveProperty('upload_descriptor');

      // What a client says of a type beside it is no header of the answer.
      const odd = { name: 'odd.png', size: PNG.length, mime_type: 'image/png; x=\r\nset-cookie: a=b' };
      const oddly = (await page.json('attachments.create', odd)).body;
      await send(ann, oddly.upload_descriptor.url, file);
      expect((await fetch(oddly.preview_url)).headers.get('content-type')).toBe('image/png');

      const other = await page.json('attachments.create', { name: 'a.json', size: 2, mime_type: 'application/json' });
      const put = await fetch(other.body.upload_descriptor.url, {
        method: 'PUT',
        headers: { authorization: `Bearer ${ann.token}`, 'content-type': 'application/json' },
        body: '[]',
      });
      expect(put.status).toBe(200);
      expect((await pageOf(bob).json('attachments.delete', { attachment_id: other.body.id })).status).toBe(403);
      expect(await page.json('attachments.delete', { attachment_id: other.body.id })).toEqual({
        status: 200,
        body: {},
      });
      expect((await page.json('attachments.delete', { attachment_id: other.body.id })).status).toBe(404);
      const large = { name: 'large.txt', size: 100_001, mime_type: 'text/plain' };
      expect((await page.json('attachments.create', large)).status).toBe(413);
      const heavy = { ...notes, bytes: 'x'.repeat(100_001) };
      expect((await send(ann, `${app.address}/v1/chatkit/attachments`, heavy)).status).toBe(413);
      await page.json('threads.delete', { thread_id: threadOf(sent) });
      expect((await fetch(preview_url)).status).toBe(404);
    });

    test('68: speech is written down', async () => {
      const audio = Buffer.from('RIFF of a fern').toString('base64');
      const spoken = { audio_base64: audio, mime_type: 'audio/webm;codecs=opus' };
      expect(await page.json('input.transcribe', spoken)).toEqual({ status: 200, body: { text: 'Water the fern.' } });
      expect(speech.requests.at(-1)).toMatchObject({
        path: '/v1/audio/transcriptions',
        authorization: 'Bearer key-of-the-test',
        body: expect.stringContaining('RIFF of a fern'),
      });
      expect(speech.requests.at(-1)?.body).toContain('filename="recording.webm"');
      const silent = { audio_base64: '!!', mime_type: 'audio/webm' };
      expect((await page.json('input.transcribe', silent)).status).toBe(400);
      speech.fail();
      expect(await page.json('input.transcribe', spoken)).toMatchObject({
        status: 502,
        body: { message: 'The recording could not be written down. Try again.' },
      });
    });
  });

  test('69: what a page of another origin must be let', async () => {
    const asked = 'content-type,chatkit-frame-instance-id,authorization';
    const preflight = await fetch(`${app.address}/chatkit`, {
      method: 'OPTIONS',
      headers: {
        origin: ORIGIN,
        'access-control-request-method': 'POST',
        'access-control-request-headers': asked,
      },
    });
    const allowed = preflight.headers.get('access-control-allow-headers')?.toLowerCase().split(', ') ?? [];
    expect(allowed).toEqual(expect.arrayContaining(asked.split(',')));
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT');
    const refused = await fetch(`${app.address}/chatkit`, { method: 'POST', headers: { origin: ORIGIN } });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  });

  async function tenantOf(user: OpenaiUser): Promise<{ id: string; slug: string }> {
    const me = await fetch(`${app.address}/v1/auth/me`, { headers: { authorization: `Bearer ${user.token}` } });
    const { tenant } = (await me.json()) as { tenant: { id: string; slug: string } };
    return { id: user.tenantId, slug: tenant.slug };
  }
});

/** A peer that writes speech down, as OpenAI’s API does. */
async function fakeTranscriber() {
  const requests: { path: string | undefined; authorization: string | undefined; body: string }[] = [];
  let failing = false;
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString('latin1');
    requests.push({ path: request.url, authorization: request.headers.authorization, body });
    response.writeHead(failing ? 500 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(failing ? { error: 'secret' } : { text: ' Water the fern. ' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    requests,
    address: `http://127.0.0.1:${port}`,
    fail: () => {
      failing = true;
    },
    close: () => server.close(),
  };
}
