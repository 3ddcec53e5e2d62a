import { describe, expect, test } from 'vitest';
import type { ModelEvent, TokenUsage } from '../chat-model.ts';
import { chunkReader } from './chat-chunks.ts';
import { said, stop, text } from './fake-turn.ts';

function read(...payloads: readonly unknown[]): ModelEvent[] {
  const reader = chunkReader('openai');
  const events: ModelEvent[] = [];
  for (const one of payloads) reader.read(typeof one === 'string' ? one : JSON.stringify(one), events);
  return [...events, ...reader.finish()];
}

const calls = (...deltas: readonly unknown[]) => ({ choices: [{ delta: { tool_calls: deltas } }] });
const called = (events: readonly ModelEvent[]) =>
  events.flatMap((event) => (event.type === 'tool-call' ? [event.toolCall] : []));

test('a server that says [DONE] and never why has ended for another reason', () => {
  expect(read(text('x'), '[DONE]')).toEqual([said('x'), { type: 'finish', reason: 'other', usage: null }]);
});

describe('a tool call', () => {
  test('whose input is an object and not its text is taken', () => {
    expect(called(read(calls({ index: 0, id: 'a', function: { name: 'look', arguments: { at: 1 } } }), stop))).toEqual([
      { id: 'a', name: 'look', input: { at: 1 } },
    ]);
  });

  test('goes on with what has neither index nor id', () => {
    const begun = { id: 'a', function: { name: 'look', arguments: '{"at"' } };
    expect(called(read(calls(begun), calls({ function: { arguments: ':1}' } }), calls({}), stop))).toEqual([
      { id: 'a', name: 'look', input: { at: 1 } },
    ]);
  });

  test('of nothing but a name gets an id; its name is told once', () => {
    const [call] = called(
      read(calls({ id: '', function: { name: 'look' } }), calls({ function: { name: 'x' } }), stop),
    );
    expect(call).toEqual({ id: expect.stringMatching(/^call_.{36}$/), name: 'look', input: {} });
  });
});

describe('parallel calls', () => {
  const whole = (more: object, name: string, input: string) => ({ ...more, function: { name, arguments: input } });
  const both = [
    { name: 'look', input: { at: 1 } },
    { name: 'look', input: { at: 2 } },
  ];

  test.each([
    ['all with the index 0, as Gemini gives them', { index: 0, id: 'a' }, { index: 0, id: 'b' }],
    ['all with the index 0 and without an id', { index: 0 }, { index: 0, id: '' }],
    ['without index and id', {}, {}],
    ['without an index, and with an id that is null', { id: null }, { id: null }],
  ])('are told apart: %s', (_, first, second) => {
    const read2 = read(calls(whole(first, 'look', '{"at":1}')), calls(whole(second, 'look', '{"at":2}')), stop);
    expect(called(read2)).toMatchObject(both);
    expect(new Set(called(read2).map(({ id }) => id)).size).toBe(2);
  });

  test.each([
    ['the name again', { index: 0, id: 'a' }, { index: 0, id: 'a', function: { name: 'look', arguments: '1}' } }],
    ['the name again, behind the end', { index: 0, id: 'a' }, { index: 0, function: { name: 'look', arguments: '' } }],
    ['an id of its own', { index: 0, id: 'a' }, { index: 0, id: 'x', function: { arguments: '1}' } }],
    ['an id that is null', { id: 'a' }, { id: null, function: { name: null, arguments: '1}' } }],
    ['an empty id', { id: 'a' }, { id: '', function: { arguments: '1}' } }],
  ])('are not made of the pieces of one that come with %s', (_, first, second) => {
    const begun = second.function.arguments === '' ? '{"at":1}' : '{"at":';
    expect(called(read(calls(whole(first, 'look', begun)), calls(second), stop))).toMatchObject(both.slice(0, 1));
  });
});

test('what a provider wants back with a call comes with it', () => {
  const signed = { google: { thought_signature: 'abc' } };
  const call = { index: 0, id: 'a', extra_content: signed, function: { name: 'look', arguments: '{}' } };
  expect(called(read(calls(call), stop))).toEqual([{ id: 'a', name: 'look', input: {}, opaque: { openai: signed } }]);
});

test('a refusal is said, and is an end by the provider’s rules', () => {
  const refusal = (text: string) => ({ choices: [{ delta: { content: null, refusal: text } }] });
  expect(read(refusal(''), refusal('I can’t '), refusal('help.'), stop)).toEqual([
    said('I can’t help.'),
    { type: 'finish', reason: 'content-filter', usage: null },
  ]);
});

test.each(['error', 'insufficient_system_resource'])('an end by "%s" is a failure', (finish_reason) => {
  expect(() => read(text('x'), { choices: [{ delta: {}, finish_reason }] })).toThrow(
    expect.objectContaining({ kind: 'unavailable' }),
  );
});

describe('usage', () => {
  const spent = (more: object) =>
    read(text('x'), { ...stop, usage: { prompt_tokens: 9, completion_tokens: 2, ...more } }).at(-1);
  const plain = { inputTokens: 9, outputTokens: 2 };

  test.each([
    [{ cached_tokens: 4 }, { ...plain, cachedInputTokens: 4 }],
    [{ cached_tokens: 9 }, { ...plain, cachedInputTokens: 9 }],
    [{ cached_tokens: 10 }, plain],
    [{ cached_tokens: 0 }, plain],
    [{ cached_tokens: 'many' }, plain],
    [{}, plain],
    [null, plain],
  ])('with %j of its input is %j', (details, usage) => {
    expect(spent({ prompt_tokens_details: details })).toMatchObject({ usage });
    expect((spent({ prompt_tokens_details: details }) as { usage: object }).usage).toEqual(usage);
  });

  test.each([
    [{ completion_tokens_details: { reasoning_tokens: 1 } }, 2, 1],
    [{ completion_tokens_details: { reasoning_tokens: 5 } }, 2, 2],
    [{ completion_tokens_details: { reasoning_tokens: null } }, 2, undefined],
    [{ completion_tokens_details: null }, 2, undefined],
    // Gemini's, which says it in the total only.
    [{ total_tokens: 40 }, 31, 29],
  ])('with %j has %i tokens of output, %s of them reasoning', (more, outputTokens, reasoningTokens) => {
    const { usage } = spent(more) as { usage: TokenUsage };
    expect([usage.outputTokens, usage.reasoningTokens]).toEqual([outputTokens, reasoningTokens]);
  });

  test.each([
    [11, 2],
    [40, 31],
    [5, 2],
    ['many', 2],
  ])('with a total of %j counts reasoning that only the total has: %i', (total_tokens, outputTokens) => {
    expect(spent({ total_tokens })).toMatchObject({ usage: { inputTokens: 9, outputTokens } });
  });

  test('that is wrong does not take away what was known', () => {
    const known = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } };
    const wrong = { choices: [], usage: { prompt_tokens: 1.5, completion_tokens: 2 } };
    expect(read(text('x'), stop, known, wrong).at(-1)).toMatchObject({ usage: { inputTokens: 3, outputTokens: 2 } });
  });
});

test.each([
  [{ code: 700 }, 'unavailable'],
  [{ code: 399, type: 'invalid_request_error' }, 'bad-request'],
  [{ code: 'insufficient_quota' }, 'rate-limited'],
  [true, 'unavailable'],
])('the error %j in place of a chunk is %s', (error, kind) => {
  expect(() => read({ error })).toThrow(expect.objectContaining({ kind }));
});
