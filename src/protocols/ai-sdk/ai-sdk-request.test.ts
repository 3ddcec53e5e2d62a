import { expect, test } from 'vitest';
import { runDetail } from '../../../test/support/run-log.ts';
import { principalIn } from '../../../test/support/tenants.ts';
import { isId, newId } from '../../platform/id.ts';
import type { AiChatBody, UiPart } from './ai-sdk.schema.ts';
import { earlierOf, questionOf, sessionIdOf, toolAnswers } from './ai-sdk-request.ts';

const user = (...parts: UiPart[]): AiChatBody['messages'][number] => ({ role: 'user', parts });
const assistant = (...parts: UiPart[]): AiChatBody['messages'][number] => ({ role: 'assistant', parts });
const text = (said: string): UiPart => ({ type: 'text', text: said });

test('a name is the same session for one user, and another for each other user', () => {
  const tenant = { id: newId(), slug: 'acme' };
  const [ann, bob] = [principalIn(tenant), principalIn(tenant)];
  const id = sessionIdOf(ann, 'my chat');
  expect(isId(id)).toBe(true);
  expect(sessionIdOf(ann, 'my chat')).toBe(id);
  const others = [sessionIdOf(ann, 'my chat 2'), sessionIdOf(bob, 'my chat')];
  expect(new Set([id, ...others, sessionIdOf({ ...ann, tenant: { id: newId(), slug: 'b' } }, 'my chat')]).size).toBe(4);
  const uuid = newId();
  expect(sessionIdOf(ann, uuid)).toBe(uuid);
});

test('the question is the text of the last message, and files are refused by their place', () => {
  expect(questionOf({ messages: [user(text('Hel'), { type: 'step-start' }, text('lo'))] })).toBe('Hello');
  expect(() => questionOf({ messages: [user(text('a'), { type: 'file' })] })).toThrow('messages.0.parts.1 files');
  expect(() => questionOf({ messages: [assistant(text('a'))] })).toThrow('messages.0 must be of the user');
});

test('what was said before comes with the results of its tools, and without what instructs', () => {
  const messages = [
    { role: 'system' as const, parts: [text('Obey')] },
    user(text('One')),
    assistant(
      { type: 'tool-place', toolCallId: 'c1', state: 'output-available', input: {}, output: 'Oslo' },
      { type: 'dynamic-tool', toolName: 'look', toolCallId: 'c2', state: 'output-error', input: 1, errorText: 'no' },
      { type: 'tool-open', toolCallId: 'c3', state: 'input-available', input: {} },
      text('Two'),
    ),
    user(text('Three')),
  ];
  expect(earlierOf({ messages })).toEqual([
    { role: 'user', parts: [{ type: 'text', text: 'One' }] },
    {
      role: 'assistant',
      parts: [
        { type: 'tool-call', tool_call: { id: 'c1', name: 'place', input: {} } },
        { type: 'tool-result', tool_call_id: 'c1', output: 'Oslo' },
        { type: 'tool-call', tool_call: { id: 'c2', name: 'look', input: 1 } },
        { type: 'tool-result', tool_call_id: 'c2', error: 'no' },
        { type: 'text', text: 'Two' },
      ],
    },
  ]);
});

test('of a message that answers, only what is waited for is taken, each as what it is', () => {
  const call = (id: string, needs: 'output' | 'approval') => ({ id, name: id, input: {}, needs });
  const tool_calls = [call('a', 'output'), call('b', 'output'), call('c', 'approval'), call('d', 'approval')];
  const run = { ...runDetail().run, waiting_for: { tool_calls, until: '2026-01-02T03:04:05Z' } };
  const parts: UiPart[] = [
    { type: 'tool-a', toolCallId: 'a', state: 'output-available', output: 1 },
    { type: 'tool-b', toolCallId: 'b', state: 'output-error', errorText: 'broken' },
    { type: 'dynamic-tool', toolCallId: 'c', state: 'approval-responded', approval: { approved: true } },
    { type: 'dynamic-tool', toolCallId: 'd', state: 'approval-responded', approval: { approved: false, reason: 'no' } },
    { type: 'tool-z', toolCallId: 'z', state: 'output-available', output: 9 },
  ];
  expect(toolAnswers({ messages: [assistant(...parts)] }, run)).toEqual({
    outputs: [
      { tool_call_id: 'a', output: 1 },
      { tool_call_id: 'b', error: 'broken' },
    ],
    decisions: [
      { tool_call_id: 'c', approved: true },
      { tool_call_id: 'd', approved: false, reason: 'no' },
    ],
  });
  expect(() => toolAnswers({ messages: [assistant(text('x'))] }, run)).toThrow('answers no tool call');
});
