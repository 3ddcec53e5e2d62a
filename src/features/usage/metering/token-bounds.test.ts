import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ModelRequest } from '../../../ai/chat-model.ts';
import { assemblePrompt } from '../../../ai/grounded-prompt.ts';
import { inputTokens } from './token-bounds.ts';

const words = fc.string({ unit: 'grapheme', maxLength: 400 });
const call = fc.record({ id: words, name: words, input: fc.record({ query: words }) });
const message = fc.oneof(
  fc.record({ role: fc.constant('user' as const), content: words }),
  fc.record({ role: fc.constant('assistant' as const), content: words, toolCalls: fc.array(call, { maxLength: 3 }) }),
  fc.record({ role: fc.constant('tool' as const), toolCallId: words, content: words }),
);
const passage = fc.record({
  number: fc.nat(),
  chunkId: words,
  documentId: words,
  title: words,
  headingPath: fc.array(words, { maxLength: 3 }),
  page: fc.constant(7),
  text: words,
});
const remembered = fc.record({
  kind: fc.constant('memory' as const),
  role: fc.constant('user' as const),
  content: fc.string({ unit: 'grapheme', minLength: 200, maxLength: 300 }),
  saidAt: fc.constant('2026-01-01T00:00:00.000Z'),
});
const requests: fc.Arbitrary<ModelRequest> = fc
  .record({
    instructions: fc.option(words),
    messages: fc.array(message, { maxLength: 30 }),
    passages: fc.option(fc.array(passage, { maxLength: 16 })),
    memory: fc.record({ items: fc.array(remembered, { maxLength: 60 }), done: fc.option(words) }),
    partialAnswer: words,
  })
  .map((request) => ({ ...request, signal: new AbortController().signal }));

test('no prompt has more bytes, and so more tokens, than are reserved for it', () => {
  fc.assert(
    fc.property(requests, (request) => {
      const { instructions, messages } = assemblePrompt(request);
      const told = messages.map((one) =>
        one.role === 'tool'
          ? one.toolCallId + one.content
          : one.content + JSON.stringify('toolCalls' in one ? one.toolCalls : ''),
      );
      const bytes = Buffer.byteLength([instructions ?? '', ...told].join(''));
      expect(inputTokens(request).most).toBeGreaterThanOrEqual(bytes);
    }),
    { numRuns: 200, endOnFailure: true },
  );
});
