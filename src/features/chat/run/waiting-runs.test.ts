import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../../test/support/databases.ts';
import { makeTenant, principalIn } from '../../../../test/support/tenants.ts';
import {
  call,
  calls,
  logUntil,
  NEVER_RENEWED,
  resultsOf,
  startToolChat,
  type ToolChat,
  type ToolChatOptions,
  tool,
  wholeLog,
} from '../../../../test/support/tool-runs.ts';
import type { ChatModel } from '../../../ai/chat-model.ts';
import { gate, type ScriptedModel, scriptedModel } from '../../../ai/fakes.ts';
import type { Principal } from '../../identity/index.ts';

const PLACE = { type: 'function' as const, name: 'get_place', parameters: { type: 'object' } };
const ASKS = [{ type: 'search_documents' as const }];

describe.each(testDatabases())('runs that wait for a client on the $kind database', ({ open, kind }) => {
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

  /** A model that calls these tools once and then says what it was told. */
  const callsOnce = (...toolCalls: ReturnType<typeof call>[]): ScriptedModel =>
    scriptedModel(({ messages }) => {
      const told = messages.flatMap((message) => (message.role === 'tool' ? [message.content] : []));
      return told.length === 0 ? calls(...toolCalls) : [told.join(', ')];
    });

  async function ask(chat: ToolChat, more: object = { tools: [PLACE] }) {
    const session = await chat.sessions.create(somebody, {});
    return chat.runs.create(somebody, session.id, { input: 'Where am I?', ...more });
  }

  async function untilWaiting(chat: ToolChat, runId: string) {
    const events = await logUntil(chat, somebody, runId, 'run-wait');
    await expect.poll(() => chat.engine.activeRunCount).toBe(0);
    return events;
  }

  test('a call of a client’s tool makes the run wait, and its output makes it go on', async () => {
    const chat = await chatWith(callsOnce(call('get_place', { precise: true })));
    const run = await ask(chat);
    const before = await untilWaiting(chat, run.id);
    expect(before.slice(-3)).toMatchObject([
      { type: 'tool-call', executor: 'client', tool_call: { id: 'call-get_place', input: { precise: true } } },
      { type: 'usage' },
      { type: 'run-wait', tool_call_ids: ['call-get_place'] },
    ]);
    expect(await chat.runs.get(somebody, run.id)).toMatchObject({
      status: 'waiting',
      waiting_for: { tool_calls: [{ id: 'call-get_place', name: 'get_place', needs: 'output' }] },
    });
    expect((await chat.sessions.get(somebody, run.session_id)).active_run_id).toBe(run.id);
    await expect(chat.runs.create(somebody, run.session_id, { input: 'More?' })).rejects.toThrow(
      'waits for its tool calls: get_place (call-get_place, output). Answer them by POST /v1/runs/{id}/tool-outputs',
    );

    // A stream that was open all the time sees the rest.
    const following = wholeLog(chat, somebody, run.id);
    const answered = await chat.runs.submitToolOutputs(somebody, run.id, [
      { tool_call_id: 'call-get_place', output: 'Rome' },
    ]);
    expect(answered).toMatchObject({ status: 'running', attempt: 2, waiting_for: null });
    const events = await following;
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.map(({ type }) => type).slice(before.length, before.length + 3)).toEqual([
      'run-resume',
      'tool-result',
      'step-end',
    ]);
    expect(events.filter(({ type }) => type === 'retrieval')).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ status: 'completed', message: { content: 'Rome' } });
  });

  test('whoever asks on with cancel_active ends it first, be it waiting or speaking; what was said is kept', async () => {
    const stuck = gate();
    const model = scriptedModel(({ messages }) => {
      const { content } = messages.at(-1) ?? {};
      if (content === 'Where am I?') return calls(call('get_place'));
      return content === 'Go on' ? ['Once upon ', { gate: stuck }] : ['Here.'];
    });
    const chat = await chatWith(model);
    const waiting = await ask(chat);
    await untilWaiting(chat, waiting.id);
    const on = { cancel_active: true };
    const speaking = await chat.runs.create(somebody, waiting.session_id, { input: 'Go on', ...on });
    expect(await chat.runs.get(somebody, waiting.id)).toMatchObject({ status: 'cancelled' });
    await stuck.reached;
    const next = await chat.runs.create(somebody, waiting.session_id, { input: 'And now?', ...on });
    await wholeLog(chat, somebody, next.id);
    const { data } = await chat.sessions.messages(somebody, waiting.session_id, { limit: 10 });
    expect(data.filter(({ run_id }) => run_id === speaking.id).at(-1)).toMatchObject({
      content: 'Once upon ',
      status: 'incomplete',
    });
    expect(data.at(-1)).toMatchObject({ content: 'Here.', status: 'complete' });
    const question = data.find(({ role, run_id }) => role === 'user' && run_id === next.id)?.id ?? '';
    const again = await chat.runs.create(somebody, waiting.session_id, { input: 'Go on', ...on });
    await expect(chat.runs.regenerate(somebody, waiting.session_id, question, {})).rejects.toThrow('unfinished run');
    const regenerated = await chat.runs.regenerate(somebody, waiting.session_id, question, on);
    expect((await wholeLog(chat, somebody, regenerated.id)).at(-1)).toMatchObject({ status: 'completed' });
    expect(await chat.runs.get(somebody, again.id)).toMatchObject({ status: 'cancelled' });
  });

  test('it waits without any process, and goes on in another one', async () => {
    const model = callsOnce(call('get_place'));
    const first = await chatWith(model);
    const run = await ask(first);
    await untilWaiting(first, run.id);
    await first.engine.stop(0);
    const second = await chatWith(model);
    await second.runs.submitToolOutputs(somebody, run.id, [{ tool_call_id: 'call-get_place', error: 'no signal' }]);
    const events = await wholeLog(second, somebody, run.id);
    expect(events.at(-1)).toMatchObject({ status: 'completed', message: { content: '{"error":"no signal"}' } });
  });

  test('a worker that dies right after it was answered loses nothing', async () => {
    const stuck = gate();
    const model = scriptedModel((_, at) =>
      at === 0 ? calls(call('get_place')) : at === 1 ? [{ gate: stuck }] : ['Found'],
    );
    const dead = await chatWith(model, { leaseTimes: NEVER_RENEWED });
    const run = await ask(dead);
    await untilWaiting(dead, run.id);
    await dead.runs.submitToolOutputs(somebody, run.id, [{ tool_call_id: 'call-get_place', output: 'Rome' }]);
    await stuck.reached;
    const heir = await chatWith(model);
    const events = await wholeLog(heir, somebody, run.id);
    expect(events.at(-1)).toMatchObject({ status: 'completed', message: { content: 'Found' } });
    expect(resultsOf(events)).toEqual([{ id: 'call-get_place', output: 'Rome' }]);
    stuck.open();
  });

  test('it goes on only when all that it waits for is there', async () => {
    const chat = await chatWith(callsOnce(call('get_place', {}, 'one-1'), call('get_place', {}, 'two-2')));
    const run = await ask(chat);
    await untilWaiting(chat, run.id);
    const half = await chat.runs.submitToolOutputs(somebody, run.id, [{ tool_call_id: 'two-2', output: 2 }]);
    expect(half.status).toBe('waiting');
    await chat.runs.submitToolOutputs(somebody, run.id, [{ tool_call_id: 'one-1', output: 1 }]);
    const events = await wholeLog(chat, somebody, run.id);
    expect(events.at(-1)).toMatchObject({ message: { content: '1, 2' } });
  });

  test('an output that comes before the run waits is not lost', async () => {
    const busy = gate();
    const slow = tool('slow', async (_, { signal }) => {
      await busy.pass(signal);
      return 'slow';
    });
    const chat = await chatWith(callsOnce(call('get_place'), call('slow')), { tools: [slow] });
    const run = await ask(chat, { tools: [PLACE, ...ASKS] });
    await busy.reached;
    await logUntil(chat, somebody, run.id, 'tool-call');
    const early = await chat.runs.submitToolOutputs(somebody, run.id, [
      { tool_call_id: 'call-get_place', output: 'here' },
    ]);
    expect(early.status).toBe('running');
    busy.open();
    const events = await wholeLog(chat, somebody, run.id);
    expect(events.at(-1)).toMatchObject({ message: { content: 'here, slow' } });
    expect(events.map(({ type }) => type)).not.toContain('run-wait');
  });

  test('the same output twice is as good as once, another one is refused, and so is one for no call', async () => {
    const chat = await chatWith(callsOnce(call('get_place', {}, 'one-1'), call('get_place', {}, 'two-2')));
    const run = await ask(chat);
    await untilWaiting(chat, run.id);
    const give = (tool_call_id: string, output: unknown) =>
      chat.runs.submitToolOutputs(somebody, run.id, [{ tool_call_id, output }]);
    await give('one-1', { a: [1] });
    await give('one-1', { a: [1] });
    await expect(give('one-1', { a: [2] })).rejects.toThrow('already has another answer');
    await expect(give('three', 3)).rejects.toThrow('no tool call "three" that waits for an output');
    const decide = chat.runs.decideToolCalls(somebody, run.id, [{ tool_call_id: 'two-2', approved: true }]);
    await expect(decide).rejects.toThrow('waits for a decision');
    await give('two-2', null);
    await wholeLog(chat, somebody, run.id);
    await give('two-2', null);
    await expect(give('four', 4)).rejects.toThrow('no tool call');
  });

  test('nobody else answers for the user: another one is refused, a neighbour finds nothing', async () => {
    const chat = await chatWith(callsOnce(call('get_place')));
    const run = await ask(chat);
    await untilWaiting(chat, run.id);
    const outputs = [{ tool_call_id: 'call-get_place', output: 'Paris' }];
    const other = principalIn(somebody.tenant);
    const neighbour = principalIn(await makeTenant(db.database));
    await expect(chat.runs.submitToolOutputs(other, run.id, outputs)).rejects.toThrow('another user');
    await expect(chat.runs.submitToolOutputs(neighbour, run.id, outputs)).rejects.toThrow('no run');
    await expect(chat.runs.decideToolCalls(other, run.id, [])).rejects.toThrow('another user');
    await expect(chat.runs.decideToolCalls(neighbour, run.id, [])).rejects.toThrow('no run');
    expect((await chat.runs.get(somebody, run.id)).status).toBe('waiting');
  });

  test('a waiting run can be cancelled, by a process that never held it', async () => {
    const chat = await chatWith(callsOnce(call('get_place')));
    const run = await ask(chat);
    await untilWaiting(chat, run.id);
    const following = wholeLog(chat, somebody, run.id);
    await chat.runs.cancel(somebody, run.id);
    const events = await following;
    expect(events.at(-1)).toMatchObject({ type: 'run-end', status: 'cancelled', message: { status: 'incomplete' } });
    await chat.runs.cancel(somebody, run.id);
    const next = await chat.runs.create(somebody, run.session_id, { input: 'Again', tools: [PLACE] });
    await wholeLog(chat, somebody, next.id).then((log) => expect(log.at(-1)).toMatchObject({ status: 'completed' }));
  });

  test('a run that nobody answers is given up when its time is over, and not before', async () => {
    const model = callsOnce(call('get_place'));
    const patient = await chatWith(model);
    const waiting = await ask(patient);
    await untilWaiting(patient, waiting.id);
    await patient.engine.takeUpWaiting(somebody.tenant, waiting.id);
    expect((await patient.runs.get(somebody, waiting.id)).status).toBe('waiting');
    await patient.engine.stop(0);

    const hasty = await chatWith(model, { limits: { toolWait: 1 } });
    const run = await ask(hasty);
    await untilWaiting(hasty, run.id);
    await expect
      .poll(async () => {
        await hasty.engine.takeUpWaiting(somebody.tenant, run.id);
        return (await hasty.runs.get(somebody, run.id)).status;
      })
      .toBe('failed');
    const events = await wholeLog(hasty, somebody, run.id);
    expect(events.at(-1)).toMatchObject({ status: 'failed', error: { code: 'ERR_RUN_007' } });
    expect(model.requests).toHaveLength(2);
  });

  test('a tool that asks for approval runs once the user allows it', async () => {
    let ran = 0;
    const remove = tool('remove', async () => ++ran, { effects: true, needsApproval: true });
    const chat = await chatWith(callsOnce(call('remove')), { tools: [remove] });
    const run = await ask(chat, { tools: ASKS });
    const before = await untilWaiting(chat, run.id);
    expect(before).toContainEqual(
      expect.objectContaining({ type: 'tool-call', executor: 'server', needs_approval: true }),
    );
    expect((await chat.runs.get(somebody, run.id)).waiting_for?.tool_calls).toMatchObject([{ needs: 'approval' }]);
    expect(ran).toBe(0);
    const output = chat.runs.submitToolOutputs(somebody, run.id, [{ tool_call_id: 'call-remove', output: 'I did it' }]);
    await expect(output).rejects.toThrow('waits for an output');
    await chat.runs.decideToolCalls(somebody, run.id, [{ tool_call_id: 'call-remove', approved: true }]);
    const events = await wholeLog(chat, somebody, run.id);
    expect(ran).toBe(1);
    expect(events).toContainEqual(expect.objectContaining({ type: 'tool-approval', approved: true }));
    expect(events.at(-1)).toMatchObject({ message: { content: '1' } });
  });

  test('a call that the user refuses never runs, and the model learns why', async () => {
    let ran = 0;
    const remove = tool('remove', async () => ++ran, { effects: true, needsApproval: true });
    const chat = await chatWith(callsOnce(call('remove')), { tools: [remove] });
    const run = await ask(chat, { tools: ASKS });
    await untilWaiting(chat, run.id);
    const refusal = { tool_call_id: 'call-remove', approved: false, reason: 'Not the archive.' };
    await chat.runs.decideToolCalls(somebody, run.id, [refusal]);
    const events = await wholeLog(chat, somebody, run.id);
    expect(ran).toBe(0);
    expect(resultsOf(events)).toEqual([
      { id: 'call-remove', error: 'The user did not allow this call. Their reason: Not the archive.' },
    ]);
    expect(events.at(-1)).toMatchObject({ status: 'completed' });
  });

  test('a call that was allowed and whose worker died is not made again', async () => {
    const stuck = gate();
    let ran = 0;
    const remove = tool(
      'remove',
      async (_, { signal }) => {
        ran += 1;
        await stuck.pass(signal);
      },
      { effects: true, needsApproval: true },
    );
    const model = callsOnce(call('remove'));
    const dead = await chatWith(model, { tools: [remove], leaseTimes: NEVER_RENEWED });
    const run = await ask(dead, { tools: ASKS });
    await untilWaiting(dead, run.id);
    await dead.runs.decideToolCalls(somebody, run.id, [{ tool_call_id: 'call-remove', approved: true }]);
    await stuck.reached;
    const heir = await chatWith(model, { tools: [remove] });
    const events = await wholeLog(heir, somebody, run.id);
    expect(ran).toBe(1);
    expect(resultsOf(events)).toMatchObject([{ error: expect.stringContaining('not called again') }]);
    stuck.open();
  });

  test('a dialect without waiting ends the run at the call, and brings the output with the next', async () => {
    const model = callsOnce(call('get_place'));
    const chat = await chatWith(model);
    const run = await ask(chat, { tools: [PLACE], client_tools: 'end' });
    const events = await wholeLog(chat, somebody, run.id);
    expect(events.at(-2)).toMatchObject({ type: 'step-end', finish_reason: 'tool-calls' });
    expect(events.at(-1)).toMatchObject({ status: 'completed', message: { parts: [{ type: 'tool-call' }] } });
    const result = { type: 'tool-result' as const, tool_call_id: 'call-get_place', output: 'Rome' };
    const next = await chat.runs.create(somebody, run.session_id, {
      input: null,
      earlier: [{ role: 'tool', parts: [result] }],
    });
    await wholeLog(chat, somebody, next.id);
    expect(model.requests.at(-1)?.messages).toEqual([
      { role: 'user', content: 'Where am I?' },
      { role: 'assistant', content: '', toolCalls: [call('get_place')] },
      { role: 'tool', toolCallId: 'call-get_place', content: 'Rome' },
    ]);
  });

  test.skipIf(kind === 'embedded')('a client follows on one replica and answers at the other', async () => {
    const model = callsOnce(call('get_place'));
    const [one, two] = [await chatWith(model), await chatWith(model)];
    const run = await ask(one);
    const following = wholeLog(one, somebody, run.id);
    await untilWaiting(one, run.id);
    await two.runs.submitToolOutputs(somebody, run.id, [{ tool_call_id: 'call-get_place', output: 'Rome' }]);
    const events = await following;
    expect(events.at(-1)).toMatchObject({ status: 'completed', message: { content: 'Rome' } });
    expect(await wholeLog(two, somebody, run.id)).toEqual(events);
  });
});
