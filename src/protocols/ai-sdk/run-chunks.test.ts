import { expect, test } from 'vitest';
import { citation, part, RUN_ID, reset, runEnd, runLog, said, stepEnd, usage } from '../../../test/support/run-log.ts';
import type { LoggedEvent, RunEvent } from '../../features/chat/index.ts';
import { RunChunks } from './run-chunks.ts';

const retrieval: RunEvent = { type: 'retrieval', query: 'q', route: 'factual', strategy: 'hybrid', hits: [] };
const step = (number: number): RunEvent => ({ type: 'step-start', step: number });

function chunksOf(events: readonly LoggedEvent[]) {
  const rendering = new RunChunks(RUN_ID);
  return events.flatMap((event) => rendering.add(event));
}
const types = (events: readonly LoggedEvent[]) => chunksOf(events).map(({ type }) => type);

test('an answer is a step with retrieval, text and sources, and ends with its usage', () => {
  const log = runLog(
    step(1),
    retrieval,
    part('text-start'),
    said('Hello'),
    part('text-end'),
    citation(0, 5),
    usage,
    stepEnd('length'),
    runEnd('completed', 'Hello'),
  );
  expect(chunksOf(log)).toMatchObject([
    { type: 'start', messageMetadata: { run_id: RUN_ID, model: 'fake/model' } },
    { type: 'start-step' },
    { type: 'data-retrieval', data: { route: 'factual' } },
    { type: 'text-start', id: 'text-1' },
    { type: 'text-delta', id: 'text-1', delta: 'Hello' },
    { type: 'text-end', id: 'text-1' },
    {
      type: 'source-document',
      title: 'Lighthouse',
      providerMetadata: { parley: { quote: 'tall', answer_span: { start: 0, end: 5 } } },
    },
    { type: 'finish-step' },
    { type: 'finish', finishReason: 'length', messageMetadata: { status: 'completed', usage: { total_tokens: 7 } } },
  ]);
});

test('text that is taken back resets its step, whose rest is said again; a step begun twice is one', () => {
  const log = runLog(
    step(1),
    retrieval,
    part('text-start'),
    said('wro'),
    step(1),
    reset(),
    said('right'),
    part('text-end'),
    stepEnd(),
    runEnd('completed', 'right'),
  );
  expect(types(log)).toEqual([
    'start',
    'start-step',
    'data-retrieval',
    'text-start',
    'text-delta',
    'reset-step',
    'data-retrieval',
    'text-start',
    'text-delta',
    'text-end',
    'finish-step',
    'finish',
  ]);
});

test('a failure and a stop end the open text, say why and finish, so that no client waits', () => {
  const begun = [step(1), part('text-start'), said('Hel')] as const;
  expect(chunksOf(runLog(...begun, runEnd('failed'))).slice(4)).toMatchObject([
    { type: 'text-end' },
    { type: 'error', errorText: 'The model took too long.' },
    { type: 'finish', finishReason: 'error' },
  ]);
  expect(types(runLog(...begun, runEnd('cancelled', 'Hel'))).slice(4)).toEqual(['text-end', 'abort', 'finish']);
});

test('tools of the server are dynamic and done here, those of the client wait with a finish, and a refusal is a denial', () => {
  const callOf = (id: string, executor: 'server' | 'client', needs = false): RunEvent => ({
    type: 'tool-call',
    tool_call: { id, name: id, input: {} },
    executor,
    ...(needs && { needs_approval: true as const }),
  });
  const log = runLog(
    step(1),
    callOf('look', 'server'),
    { type: 'tool-result', tool_call_id: 'look', error: 'broken' },
    callOf('place', 'client'),
    callOf('send', 'server', true),
    { type: 'run-wait', tool_call_ids: ['place', 'send'], until: '' },
    { type: 'run-resume', attempt: 2 },
    { type: 'tool-result', tool_call_id: 'place', output: 'here' },
    { type: 'tool-approval', tool_call_id: 'send', approved: false, reason: 'no' },
    { type: 'tool-result', tool_call_id: 'send', error: 'The user refused.' },
    stepEnd(),
    runEnd('completed', 'x'),
  );
  expect(chunksOf(log).slice(2)).toMatchObject([
    { type: 'tool-input-available', toolCallId: 'look', dynamic: true, providerExecuted: true },
    { type: 'tool-output-error', toolCallId: 'look', errorText: 'broken', dynamic: true },
    { type: 'tool-input-available', toolCallId: 'place', toolName: 'place' },
    { type: 'tool-input-available', toolCallId: 'send', dynamic: true },
    { type: 'tool-approval-request', toolCallId: 'send', approvalId: 'send' },
    { type: 'finish', finishReason: 'tool-calls', messageMetadata: { status: 'waiting' } },
    { type: 'start' },
    { type: 'tool-output-available', toolCallId: 'place', output: 'here' },
    { type: 'tool-approval-response', approvalId: 'send', approved: false, reason: 'no' },
    { type: 'tool-output-denied', toolCallId: 'send' },
    { type: 'finish-step' },
    { type: 'finish', finishReason: 'stop' },
  ]);
  expect(chunksOf(log)[4]).not.toHaveProperty('dynamic');
});
