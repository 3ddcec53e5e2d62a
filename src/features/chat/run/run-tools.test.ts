import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import {
  call,
  calls,
  NEVER_RENEWED,
  resultsOf,
  startToolChat,
  type ToolChat,
  type ToolChatOptions,
  tool,
  wholeLog,
} from '../../../../test/support/tool-runs.ts';
import type { ChatModel } from '../../../ai/chat-model.ts';
import { gate, type Script, scriptedModel } from '../../../ai/fakes.ts';
import type { Principal } from '../../identity/index.ts';
import type { RetrieveFor } from './answering.ts';
import type { EvidencePassage } from './evidence.ts';
import { type RunTool, ToolError } from './run-tools.ts';

const SEARCH = [{ type: 'search_documents' as const }];

describe.each(testDatabases())('tools of this program on the $kind database', ({ open }) => {
  let db: TestDatabase;
  let somebody: Principal;
  const started: ToolChat[] = [];

  beforeAll(async () => {
    db = await open();
    somebody = principalIn(await makeTenant(db.database));
  });
  afterEach(async () => {
    for (const chat of started.splice(0)) await chat.engine.stop(0);
  });
  afterAll(() => db.close());

  async function chatWith(model: ChatModel, options: ToolChatOptions = {}): Promise<ToolChat> {
    const chat = await startToolChat(db.database, model, options);
    started.push(chat);
    return chat;
  }

  async function ask(chat: ToolChat, more: object = {}) {
    const session = await chat.sessions.create(somebody, {});
    return chat.runs.create(somebody, session.id, { input: 'Ask', tools: SEARCH, ...more });
  }

  /** The whole of a run in which the model calls these tools once and then says "Done". */
  async function once(toolCalls: ReturnType<typeof call>[], tools: readonly RunTool[], more: object = {}) {
    const model = scriptedModel((_, at) => (at === 0 ? calls(...toolCalls) : ['Done']));
    const chat = await chatWith(model, { tools });
    const events = await wholeLog(chat, somebody, (await ask(chat, more)).id);
    return { events, model, chat, results: resultsOf(events), end: events.at(-1) };
  }

  test('a model that asks for a hundred things at once gets them all, some at a time', async () => {
    let [under, most] = [0, 0];
    const look = tool('look', async (input) => {
      under += 1;
      most = Math.max(most, under);
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      under -= 1;
      return input;
    });
    const asked = Array.from({ length: 100 }, (_, at) => call('look', { at }, `call_${at}`));
    const { results, end } = await once(asked, [look]);
    expect(new Set(results.map(({ id }) => id)).size).toBe(100);
    expect(most).toBe(8);
    expect(end).toMatchObject({ status: 'completed' });
  });

  test('a run is steps: the model calls, gets the results, and goes on', async () => {
    const add = tool('add', async (input) => {
      const { a, b } = input as { a: number; b: number };
      return a + b;
    });
    const { events, model, end } = await once([call('add', { a: 2, b: 3 })], [add]);

    expect(events.map(({ type }) => type)).toEqual([
      'run-start',
      'step-start',
      'retrieval',
      'tool-call',
      'usage',
      'tool-result',
      'step-end',
      'step-start',
      'text-start',
      'text-delta',
      'text-end',
      'usage',
      'step-end',
      'run-end',
    ]);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(model.requests[0]?.tools?.map(({ name }) => name)).toEqual(['add']);
    expect(model.requests[1]?.messages.slice(1)).toEqual([
      { role: 'assistant', content: '', toolCalls: [call('add', { a: 2, b: 3 })] },
      { role: 'tool', toolCallId: 'call-add', content: '5' },
    ]);
    expect(end).toMatchObject({
      status: 'completed',
      message: {
        content: 'Done',
        parts: [{ type: 'tool-call' }, { type: 'tool-result', output: 5 }, { type: 'text' }],
      },
    });
    expect(events.filter(({ type }) => type === 'usage').at(-1)).toMatchObject({ input_tokens: 20, output_tokens: 6 });
  });

  test('calls of one step run at the same time, and the model waits for all of them', async () => {
    const both = gate();
    let begun = 0;
    const meets = tool('meet', async (_, { signal }) => {
      begun += 1;
      if (begun === 2) both.open();
      await both.pass(signal);
      return 'met';
    });
    const { results, model } = await once([call('meet', {}, 'call-1'), call('meet', {}, 'call-2')], [meets]);
    expect(results).toEqual([
      { id: 'call-1', output: 'met' },
      { id: 'call-2', output: 'met' },
    ]);
    expect(model.requests).toHaveLength(2);
  });

  test('whatever goes wrong with a call is a value that the model sees', async () => {
    const needsCity = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
    const ran: unknown[] = [];
    const { results, model, end, chat } = await once(
      [
        call('nowhere', {}, 'call-1'),
        call('weather', { town: 'Rome' }, 'call-2'),
        call('weather', '{"city": "Ro', 'call-3'),
        call('crash', {}, 'call-4'),
        call('complain', {}, 'call-5'),
        call('sleep', {}, 'call-6'),
        call('flood', {}, 'call-7'),
      ],
      [
        tool('weather', async (input) => ran.push(input), { inputSchema: needsCity }),
        tool('crash', async () => Promise.reject(new Error('password=hunter2'))),
        tool('complain', async () => Promise.reject(new ToolError('There is no such city.'))),
        tool('sleep', () => new Promise(() => undefined), { timeoutMs: 20 }),
        tool('flood', async () => 'x'.repeat(300_000)),
      ],
    );
    const errors = Object.fromEntries(results.map(({ id, ...result }) => [id, 'error' in result ? result.error : '']));
    expect(errors).toEqual({
      'call-1': 'There is no tool "nowhere". There are: flood, sleep, complain, crash, weather.',
      'call-2': "The input does not fit the tool's schema: it must have required property 'city'.",
      'call-3': 'The input is not valid JSON. Write one JSON object.',
      'call-4': 'The tool failed.',
      'call-5': 'There is no such city.',
      'call-6': 'The tool gave no result within 0.02 s.',
      'call-7': expect.stringContaining('too large'),
    });
    expect(ran).toEqual([]);
    expect(model.requests[1]?.messages.filter(({ role }) => role === 'tool')).toHaveLength(7);
    expect(end).toMatchObject({ status: 'completed' });
    const counted = await chat.metrics.registry.getSingleMetricAsString('parley_tool_calls_total');
    expect(counted).toContain('parley_tool_calls_total{tool="test",outcome="timeout"} 1');
  });

  test('ids that a provider repeats stay apart', async () => {
    const model = scriptedModel((_, at) => (at < 2 ? calls(call('echo', { at }, '0')) : ['Done']));
    const chat = await chatWith(model, { tools: [tool('echo', async (input) => input)] });
    const events = await wholeLog(chat, somebody, (await ask(chat)).id);
    const ids = events.flatMap((event) => (event.type === 'tool-call' ? [event.tool_call.id] : []));
    expect(new Set(ids).size).toBe(2);
    expect(resultsOf(events)).toEqual([
      { id: ids[0], output: { at: 0 } },
      { id: ids[1], output: { at: 1 } },
    ]);
  });

  test('a model that never stops calling is stopped by the step limit, and asked for its answer before', async () => {
    const model = scriptedModel(({ toolChoice }) => (toolChoice === 'none' ? ['Enough'] : calls(call('again'))));
    const chat = await chatWith(model, { tools: [tool('again', async () => 'more')], limits: { mostSteps: 4 } });
    const events = await wholeLog(chat, somebody, (await ask(chat, { max_steps: 3 })).id);
    expect(model.requests.map(({ toolChoice }) => toolChoice)).toEqual(['auto', 'auto', 'none']);
    expect(events.at(-1)).toMatchObject({ status: 'completed', message: { content: 'Enough' } });
    await expect(ask(chat, { max_steps: 5 })).rejects.toThrow('max_steps must be at most 4 here');
  });

  test.each([
    ['answers', ['Enough'], { status: 'completed', message: { content: 'Enough' } }],
    ['only calls again', calls(call('again')), { status: 'failed', error: { code: 'ERR_RUN_001' } }],
  ])(
    'one that calls even then gets an error instead of a result, and is asked once more: it %s',
    async (_, last, end) => {
      let ran = 0;
      const model = scriptedModel((_request, at) => (at < 2 ? calls(call('again')) : (last as Script)));
      const again = tool('again', async () => {
        ran += 1;
      });
      const chat = await chatWith(model, { tools: [again], limits: { mostSteps: 2 } });
      const events = await wholeLog(chat, somebody, (await ask(chat)).id);
      expect(ran).toBe(1);
      expect(resultsOf(events)[1]).toMatchObject({ error: expect.stringContaining('may call no more tools') });
      expect(events.at(-1)).toMatchObject(end);
      expect(model.requests.map(({ toolChoice }) => toolChoice)).toEqual(['auto', 'none', 'none']);
    },
  );

  test('a tool acts for the run’s user, whatever the model says', async () => {
    const owners: unknown[] = [];
    const whoami = tool('whoami', async (_, { userId, tenant, runId }) => owners.push({ userId, tenant, runId }));
    const { events } = await once([call('whoami', { user_id: 'somebody else', tenant: 'other' })], [whoami]);
    const [runStart] = events;
    expect(runStart?.type).toBe('run-start');
    expect(owners).toMatchObject([{ userId: somebody.userId, tenant: somebody.tenant }]);
  });

  test('cancelling ends a tool that runs, and keeps what was said', async () => {
    const stuck = gate();
    let stopped: unknown = null;
    const waits = tool('wait', (_, { signal }) =>
      stuck.pass(signal).catch((error: unknown) => {
        stopped = error;
        throw error;
      }),
    );
    const model = scriptedModel([['Let me see.'], ...calls(call('wait'))].flat() as never);
    const chat = await chatWith(model, { tools: [waits] });
    const run = await ask(chat);
    await stuck.reached;
    await chat.runs.cancel(somebody, run.id);
    const events = await wholeLog(chat, somebody, run.id);
    expect(events.at(-1)).toMatchObject({
      status: 'cancelled',
      message: { content: 'Let me see.', status: 'incomplete' },
    });
    expect(stopped).not.toBeNull();
    expect(model.requests).toHaveLength(1);
  });

  test.each([
    { effects: true, runs: 1, result: { error: expect.stringContaining('it was not called again') } },
    { effects: false, runs: 2, result: { output: 'sent' } },
  ])('a worker dies in a call (with effects: $effects): it runs $runs times', async ({ effects, runs, result }) => {
    const stuck = gate();
    let ran = 0;
    const send = tool(
      'send',
      async (_, { signal }) => {
        ran += 1;
        if (ran === 1) await stuck.pass(signal);
        return 'sent';
      },
      { effects },
    );
    const fast = tool('fast', async () => 'there');
    const model = scriptedModel((_, at) => (at === 0 ? calls(call('send'), call('fast')) : ['Done']));
    const dead = await chatWith(model, { tools: [send, fast], leaseTimes: NEVER_RENEWED });
    const run = await ask(dead);
    await stuck.reached;
    // The result of the other call is in the log: it must not run again.
    const seen = await wholeLogUntilResult(dead, run.id);
    expect(resultsOf(seen)).toEqual([{ id: 'call-fast', output: 'there' }]);
    const heir = await chatWith(model, { tools: [send, fast] });
    const events = await wholeLog(heir, somebody, run.id);

    expect(ran).toBe(runs);
    expect(resultsOf(events)).toEqual([
      { id: 'call-fast', output: 'there' },
      { id: 'call-send', ...result },
    ]);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)).toMatchObject({ status: 'completed', message: { content: 'Done' } });
    stuck.open();
    await dead.engine.stop(1000);
    expect(await wholeLog(heir, somebody, run.id)).toEqual(events);
  });

  async function wholeLogUntilResult(chat: ToolChat, runId: string) {
    const events = [];
    for await (const lines of await chat.runs.follow(somebody, runId, 0, new AbortController().signal)) {
      events.push(...lines.map(({ json }) => JSON.parse(json)));
      if (lines.some(({ type }) => type === 'tool-result')) break;
    }
    return events;
  }

  test('a worker dies in the second step: what the first one called is not called again, and its text stays', async () => {
    const stuck = gate();
    let ran = 0;
    const count = tool('count', async () => ++ran, { effects: true });
    const before = scriptedModel((_, at) => (at === 0 ? calls(call('count')) : ['It is ', { gate: stuck }]));
    const dead = await chatWith(before, { tools: [count], leaseTimes: NEVER_RENEWED });
    const run = await ask(dead);
    await stuck.reached;
    await expect.poll(async () => (await dead.runs.get(somebody, run.id)).last_seq).toBeGreaterThan(8);
    const after = scriptedModel(['one.']);
    const heir = await chatWith(after, { tools: [count] });
    const events = await wholeLog(heir, somebody, run.id);

    expect(ran).toBe(1);
    expect(after.requests).toMatchObject([
      { partialAnswer: 'It is ', messages: [{ role: 'user' }, {}, { role: 'tool', content: '1' }] },
    ]);
    expect(events.at(-1)).toMatchObject({ status: 'completed', message: { content: 'It is one.' } });
    expect(events.filter(({ type }) => type === 'tool-call')).toHaveLength(1);
    stuck.open();
  });

  test('the next run of the session knows what was called', async () => {
    const { chat, events, model } = await once([call('look')], [tool('look', async () => ({ found: 'it' }))]);
    const [begun] = events;
    if (begun?.type !== 'run-start') throw new Error('no run-start');
    const next = await chat.runs.create(somebody, begun.session_id, { input: 'And then?' });
    await wholeLog(chat, somebody, next.id);
    expect(model.requests.at(-1)?.messages).toEqual([
      { role: 'user', content: 'Ask' },
      { role: 'assistant', content: '', toolCalls: [call('look')] },
      { role: 'tool', toolCallId: 'call-look', content: '{"found":"it"}' },
      { role: 'assistant', content: 'Done' },
      { role: 'user', content: 'And then?' },
    ]);
  });

  test('what tools find can be cited beside what was retrieved, over several steps', async () => {
    const passage = (number: number, text: string): EvidencePassage => ({
      number,
      chunkId: `chunk-${number}`,
      documentId: `document-${number}`,
      title: 'Lighthouse',
      headingPath: [],
      page: null,
      text,
      documentStart: 100,
    });
    const retrieve: RetrieveFor = () => async (query) => ({
      query,
      route: 'factual',
      strategy: 'sparse',
      hits: [],
      passages: [passage(1, 'The lighthouse is 40 metres tall.')],
    });
    const search = tool(
      'search_documents',
      async (_, { takeNumbers }) => passage(takeNumbers(1), 'It was built in 1859 by Ada Stone.'),
      { passagesOf: (output) => [output as EvidencePassage] },
    );
    const model = scriptedModel((_, at) =>
      at === 0
        ? ['The lighthouse is 40 metres tall [1].', ...calls(call('search_documents'))]
        : ['It was built in 1859 by Ada Stone [2].'],
    );
    const chat = await chatWith(model, { tools: [search], retrieve });
    const events = await wholeLog(chat, somebody, (await ask(chat)).id);
    const cited = events.flatMap((event) => (event.type === 'citation' ? [event] : []));
    expect(cited).toMatchObject([
      { part_id: 'text-1', number: 1, chunk_id: 'chunk-1', supported: true },
      { part_id: 'text-2', number: 2, chunk_id: 'chunk-2', supported: true },
    ]);
    expect(cited[1]?.quote).toBe('It was built in 1859 by Ada Stone.');
    expect(cited[1]?.span.start).toBe(100);
  });
});
