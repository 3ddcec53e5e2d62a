import type { OpenAI } from 'openai';
import { ResponseStream } from 'openai/lib/responses/ResponseStream';
import { describe, expect, test } from 'vitest';
import {
  citation,
  MESSAGE_ID,
  part,
  RUN_ID,
  reset,
  runDetail,
  runEnd,
  runLog,
  SESSION_ID,
  said,
  stepEnd,
  usage,
} from '../../../../test/support/run-log.ts';
import type { LoggedEvent } from '../../../features/chat/index.ts';
import { ResponseEvents } from './response-events.ts';

function render(log: readonly LoggedEvent[], detail = runDetail()) {
  const rendering = new ResponseEvents(detail);
  const events = log.flatMap((event) => rendering.add(event));
  return { events, response: rendering.response(), types: events.map(({ type }) => type.replace('response.', '')) };
}

/** What OpenAI's own client makes of the events: it throws where they do not fit together. */
async function accumulated(log: readonly LoggedEvent[]): Promise<OpenAI.Responses.Response> {
  const lines = render(log).events.map((event) => `${JSON.stringify(event)}\n`);
  const bytes = ReadableStream.from(lines.map((line) => new TextEncoder().encode(line)));
  return ResponseStream.fromReadableStream(bytes).finalResponse();
}

const answered = runLog(
  { type: 'step-start', step: 1 },
  part('text-start'),
  said('It is tall'),
  part('text-end'),
  citation(6, 10),
  usage,
  stepEnd(),
  runEnd('completed', 'It is tall'),
);

describe('the events of a response', () => {
  test('an answer with a citation, which comes before its text is done', async () => {
    const { events, types, response } = render(answered);
    expect(types).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.annotation.added',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'completed',
    ]);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
    expect(events[5]).toMatchObject({
      item_id: `msg_${MESSAGE_ID}`,
      output_index: 0,
      content_index: 0,
      annotation_index: 0,
      annotation: { type: 'file_citation', filename: 'Lighthouse', index: 10, start_index: 6, quote: 'tall', page: 2 },
    });
    expect(response).toMatchObject({
      id: `resp_${RUN_ID}`,
      status: 'completed',
      created_at: 1767323045,
      completed_at: 1767323047,
      conversation: null,
      usage: { input_tokens: 5, output_tokens: 2, total_tokens: 7 },
    });
    expect((await accumulated(answered)).output).toMatchObject(response.output as object[]);
  });

  test('the same log gives the same events, however it is cut', () => {
    expect(render(answered).events).toEqual(render(answered).events);
  });

  test('an answer that starts again leaves an empty, incomplete item and says it all in a new one', async () => {
    const log = runLog(
      part('text-start'),
      said('wro'),
      reset(),
      said('right'),
      stepEnd(),
      runEnd('completed', 'right'),
    );
    const { response, events } = render(log);
    expect(response.output).toMatchObject([
      { id: `msg_${MESSAGE_ID}`, status: 'incomplete', content: [{ text: '' }] },
      { id: `msg_${MESSAGE_ID}_1`, status: 'completed', content: [{ text: 'right' }] },
    ]);
    expect(
      events.filter(({ type }) => type === 'response.output_text.delta').map(({ output_index }) => output_index),
    ).toEqual([0, 1]);
    expect((await accumulated(log)).output_text).toBe('right');
  });

  test('nothing is said twice when an answer starts again before it has said anything', () => {
    const log = runLog(part('text-start'), reset(), said('right'), runEnd('completed', 'right'));
    expect(render(log).response.output).toMatchObject([{ status: 'completed', content: [{ text: 'right' }] }]);
  });

  test('an answer that starts again after its text was complete is one, too', async () => {
    const log = runLog(
      part('text-start'),
      said('a'),
      part('text-end'),
      citation(0, 1),
      reset(),
      said('b'),
      runEnd('completed', 'b'),
    );
    expect(render(log).response.output).toMatchObject([
      { status: 'incomplete', content: [{ text: '', annotations: [] }] },
      { status: 'completed', content: [{ text: 'b' }] },
    ]);
    expect((await accumulated(log)).output_text).toBe('b');
  });

  test('several parts are several items', async () => {
    const log = runLog(
      part('text-start'),
      said('a'),
      part('text-start', 'text-2'),
      said('b', 'text-2'),
      runEnd('completed', 'ab'),
    );
    expect(render(log).response.output).toMatchObject([{ content: [{ text: 'a' }] }, { content: [{ text: 'b' }] }]);
    expect((await accumulated(log)).output_text).toBe('ab');
  });

  test.each([
    ['length', 'max_output_tokens'],
    ['content-filter', 'content_filter'],
  ] as const)('an answer that ended by %s is incomplete', (finish, reason) => {
    const log = runLog(part('text-start'), said('a'), usage, stepEnd(finish), runEnd('completed', 'a'));
    const { types, response } = render(log);
    expect(types.at(-1)).toBe('incomplete');
    expect(response).toMatchObject({ status: 'incomplete', incomplete_details: { reason }, completed_at: null });
    expect(response.output).toMatchObject([{ status: 'incomplete', content: [{ text: 'a' }] }]);
  });

  test('a failed run', () => {
    const { types, response } = render(runLog(runEnd('failed')));
    expect(types).toEqual(['created', 'in_progress', 'failed']);
    expect(response).toMatchObject({
      status: 'failed',
      output: [],
      usage: null,
      error: { code: 'server_error', message: 'The model took too long.' },
    });
  });

  test('a cancelled run keeps what was said', () => {
    const { types, response } = render(runLog(part('text-start'), said('a'), runEnd('cancelled', 'a')));
    expect(types.at(-1)).toBe('incomplete');
    expect(response).toMatchObject({
      status: 'cancelled',
      output: [{ status: 'incomplete', content: [{ text: 'a' }] }],
    });
  });

  test('what was asked for is said again; a run of another dialect is a response, too', () => {
    const dialect = {
      name: 'openai.responses',
      background: true,
      store: false,
      previous_response_id: 'resp_x',
      in_conversation: true,
      user: 'u',
    };
    const asked = runDetail({
      instructions: 'Be kind.',
      temperature: 0.5,
      max_output_tokens: 9,
      metadata: { a: 'b' },
      dialect,
    });
    expect(new ResponseEvents(asked).response()).toMatchObject({
      status: 'in_progress',
      background: true,
      store: false,
      previous_response_id: 'resp_x',
      conversation: { id: `conv_${SESSION_ID}` },
      user: 'u',
      instructions: 'Be kind.',
      temperature: 0.5,
      max_output_tokens: 9,
      metadata: { a: 'b' },
      output: [],
    });
    expect(new ResponseEvents(runDetail()).response()).toMatchObject({
      background: false,
      store: true,
      conversation: null,
    });
  });
});
