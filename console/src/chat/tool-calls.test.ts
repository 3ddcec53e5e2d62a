import { describe, expect, it } from 'vitest';
import type { Message, RunEvent } from '../api/types.ts';
import { type Answer, applyEvent, emptyAnswer } from './answer.ts';
import { activityText } from './answer-progress.tsx';
import { callsOfMessage } from './tool-calls.ts';

const head = { run_id: 'run-1' };
const call = (seq: number, more: object = {}): RunEvent =>
  ({ ...head, seq, type: 'tool-call', tool_call: { id: 'c1', name: 'look', input: { at: 1 } }, ...more }) as RunEvent;
const answerOf = (...events: readonly RunEvent[]): Answer => events.reduce(applyEvent, emptyAnswer);

describe('the calls of an answer', () => {
  it('run, and are done with what came back', () => {
    expect(answerOf(call(1)).calls).toMatchObject([{ id: 'c1', name: 'look', state: 'running' }]);
    const result: RunEvent = { ...head, seq: 2, type: 'tool-result', tool_call_id: 'c1', output: 'there' };
    expect(answerOf(call(1), result).calls).toMatchObject([{ state: 'done', result: 'there' }]);
  });

  it('ask the user, and run once allowed', () => {
    const asks = call(1, { executor: 'server', needs_approval: true });
    expect(answerOf(asks).calls).toMatchObject([{ state: 'asks' }]);
    expect(activityText(answerOf(asks))).toBe('Waiting for your permission…');
    const allowed: RunEvent = { ...head, seq: 2, type: 'tool-approval', tool_call_id: 'c1', approved: true };
    expect(answerOf(asks, allowed).calls).toMatchObject([{ state: 'running' }]);
    expect(activityText(answerOf(asks, allowed))).toBe('Using a tool…');
  });

  it('wait for the program that runs them', () => {
    const waits = answerOf(call(1, { executor: 'client' }));
    expect(waits.calls).toMatchObject([{ state: 'waits' }]);
    expect(activityText(waits)).toBe('Waiting for another program…');
  });

  it('of a stored answer say what became of them, and that nothing did', () => {
    const parts: Message['parts'] = [
      { type: 'tool-call', tool_call: { id: 'c1', name: 'look', input: {} } },
      { type: 'tool-call', tool_call: { id: 'c2', name: 'look', input: {} } },
      { type: 'tool-result', tool_call_id: 'c1', error: 'no light' },
    ];
    expect(callsOfMessage({ parts } as Message)).toMatchObject([
      { id: 'c1', state: 'failed', result: 'no light' },
      { id: 'c2', state: 'failed' },
    ]);
  });
});
