import { describe, expect, test } from 'vitest';
import type { MessageRole } from '../../../platform/database/schema.ts';
import type { MessagePart } from '../message.ts';
import { DEFAULT_CONTEXT_LIMITS, historyBudget } from './context-budget.ts';
import { contextOf, historyLimit, questionOf, toldOfTurns } from './model-context.ts';
import type { HistoryRow, RunRequest, RunRow } from './run.store.ts';

const run = (request: Partial<RunRequest> = {}): RunRow =>
  ({ message_id: 'answer', request: { instructions: null, metadata: {}, ...request } }) as RunRow;
let count = 0;
const row = (role: MessageRole, ...parts: MessagePart[]): HistoryRow => {
  count += 1;
  return { id: `m${count}`, role, parts, run_id: null, status: 'complete' };
};
const text = (role: MessageRole, words: string) => row(role, { type: 'text', text: words });
const contents = ({ messages }: { messages: readonly { content: string }[] }) => messages.map(({ content }) => content);

/** `length` bytes are a third of that in tokens, and 8 for the message. */
const long = (name: string, length: number) => name.padEnd(length, '.');

describe('the history that a model is told', () => {
  const call = { id: 'c1', name: 'look', input: {} };
  const history = [
    text('user', long('one', 300)),
    text('assistant', long('first', 300)),
    text('user', long('two', 300)),
    row(
      'assistant',
      { type: 'tool-call', tool_call: call },
      { type: 'tool-result', tool_call_id: 'c1', output: 'found' },
    ),
    text('assistant', long('second', 300)),
    text('user', long('three', 300)),
  ];
  const told = (budget: number, rows: readonly HistoryRow[] = history) => toldOfTurns(contextOf(run(), rows), budget);

  test('is cut by whole turns: no question without its answer, no call without its result', () => {
    expect(contents(told(10_000))).toHaveLength(7);
    expect(told(10_000)).toMatchObject({ isCut: false, firstId: history[0]?.id });
    // Room for all but the first few words: the whole first turn goes.
    const cut = told(500);
    expect(cut.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'user']);
    expect(cut).toMatchObject({ isCut: true, firstId: history[2]?.id });
    // Room for the answer of the second turn, but not for its question.
    expect(contents(told(300))).toEqual([long('three', 300)]);
  });

  test('always has the newest question, with the outputs of tools that came with it', () => {
    expect(contents(told(-1_000))).toEqual([long('three', 300)]);
    const waiting = [...history, row('assistant', { type: 'tool-call', tool_call: call })];
    const output = row('tool', { type: 'tool-result', tool_call_id: 'c1', output: 'later' });
    expect(contents(told(0, [...waiting, output]))).toEqual([long('three', 300), '', 'later']);
  });

  test('of a long session begins with a whole turn, and the instructions stay', () => {
    const many = Array.from({ length: 60 }, (_, at) => [text('user', `q${at}`), text('assistant', `a${at}`)]).flat();
    const read = many.slice(-historyLimit(run().request));
    expect(read[0]?.role).toBe('assistant');
    const context = contextOf(run({ instructions: 'Be brief.' }), read);
    expect(context.instructions).toBe('Be brief.');
    expect(contents(toldOfTurns(context, 100_000))[0]).toBe('q10');
    expect(toldOfTurns(context, 100_000).isCut).toBe(true);
    expect(questionOf(context).earlier.at(-1)?.content).toBe('a58');
  });

  test('is not cut where the client says what the model shall know', () => {
    expect(contents(toldOfTurns(contextOf(run({ whole_history: true }), history), 0))).toHaveLength(7);
  });
});

describe('the budget of the history', () => {
  const request = { instructions: null, messages: [], passages: null };
  const limits = {
    ...DEFAULT_CONTEXT_LIMITS,
    windowOf: (model: string) => (model === 'known' ? { contextWindow: 20_000, maxOutput: 2_000 } : null),
    mostHistory: 1_000_000,
  };

  test('is the window without the answer and what always stays', () => {
    const whole = historyBudget(limits, 'known', { ...request, maxOutputTokens: 500 });
    expect(whole).toBe(20_000 - 500 - 1_000 - 16);
    // No answer is longer than the model can give.
    expect(historyBudget(limits, 'known', { ...request, maxOutputTokens: 9_000 })).toBe(whole - 1_500);
    const instructed = historyBudget(limits, 'known', {
      ...request,
      instructions: 'x'.repeat(3_000),
      maxOutputTokens: 500,
    });
    expect(instructed).toBe(whole - 1_000);
    const passage = {
      number: 1,
      chunkId: '',
      documentId: '',
      title: '',
      headingPath: [],
      page: null,
      text: 'x'.repeat(3_000),
    };
    expect(historyBudget(limits, 'known', { ...request, passages: [passage], maxOutputTokens: 500 })).toBeLessThan(
      whole - 1_000,
    );
    const tools = [{ name: 'look', description: 'x'.repeat(3_000), inputSchema: {} }];
    expect(historyBudget(limits, 'known', { ...request, tools, maxOutputTokens: 500 })).toBeLessThan(whole - 1_000);
    const messages = [{ role: 'tool' as const, toolCallId: 'c1', content: 'x'.repeat(3_000) }];
    expect(historyBudget(limits, 'known', { ...request, messages, maxOutputTokens: 500 })).toBe(whole - 1_008);
  });

  test('of a model that nobody has described is that of a small one; no history is longer than the operator wants', () => {
    expect(historyBudget(limits, 'unknown', request)).toBe(16_000 - 4_000 - 1_000 - 16);
    expect(historyBudget({ ...limits, mostHistory: 700 }, 'known', request)).toBe(700);
  });
});
