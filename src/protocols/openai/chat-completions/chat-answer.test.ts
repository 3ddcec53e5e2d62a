import { describe, expect, test } from 'vitest';
import { citation, part, reset, runEnd, runLog, said, stepEnd, usage } from '../../../../test/support/run-log.ts';
import type { LoggedEvent } from '../../../features/chat/index.ts';
import { chatChunks, chatCompletion, DONE } from './chat-answer.ts';

const head = { id: 'chatcmpl-1', created: 1, model: 'fake/model' };

function streamed(log: readonly LoggedEvent[], includeUsage = false) {
  const render = chatChunks(head, { includeUsage, requestId: 'request-1' });
  return log.flatMap(render).map((line) => (line === DONE ? DONE : JSON.parse(line)));
}

const ending = (finish: 'stop' | 'length' | 'content-filter' = 'stop') => [
  usage,
  stepEnd(finish),
  runEnd('completed', 'x'),
];
const cited = runLog(
  part('text-start'),
  said('One. '),
  part('text-end'),
  part('text-start', 'text-2'),
  said('Two.', 'text-2'),
  citation(0, 3, 'text-2'),
  ...ending(),
);

describe('a completion', () => {
  test('joins the parts, and places citations in the whole text', () => {
    const { choices, usage: counted } = chatCompletion(head, cited);
    expect(choices[0]?.message).toMatchObject({ role: 'assistant', content: 'One. Two.' });
    expect(choices[0]?.message.annotations).toMatchObject([
      { type: 'url_citation', url_citation: { start_index: 5, end_index: 8, title: 'Lighthouse', quote: 'tall' } },
    ]);
    expect(counted).toMatchObject({ prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 });
  });

  test('holds only what was said after the answer started again', () => {
    const log = runLog(part('text-start'), said('wro'), citation(0, 1), reset(), said('right'), ...ending());
    expect(chatCompletion(head, log).choices[0]?.message).toMatchObject({ content: 'right', annotations: [] });
  });

  test('keeps what the steps before cited when a later one starts again', () => {
    const later = [part('text-start', 'text-2'), said('wro', 'text-2'), reset('text-2'), said('Two.', 'text-2')];
    const log = runLog(part('text-start'), said('One. '), citation(0, 3), part('text-end'), ...later, ...ending());
    expect(chatCompletion(head, log).choices[0]?.message).toMatchObject({
      content: 'One. Two.',
      annotations: [{ url_citation: { start_index: 0, end_index: 3 } }],
    });
  });

  test.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['content-filter', 'content_filter'],
  ] as const)('that ended by %s says %s', (finish, expected) => {
    const log = runLog(part('text-start'), said('a'), ...ending(finish));
    expect(chatCompletion(head, log).choices[0]?.finish_reason).toBe(expected);
    expect(streamed(log).at(-2).choices[0].finish_reason).toBe(expected);
  });

  test('of a run that failed, was stopped or has no end is an error', () => {
    expect(() => chatCompletion(head, runLog(runEnd('failed')))).toThrow('The model took too long.');
    expect(() => chatCompletion(head, runLog(said('a'), runEnd('cancelled', 'a')))).toThrow('Somebody stopped');
    expect(() => chatCompletion(head, runLog(said('a')))).toThrow();
  });
});

describe('the chunks of a completion', () => {
  test('begin with the role, end with citations, the reason, usage if asked for, and [DONE]', () => {
    const chunks = streamed(cited, true);
    expect(chunks.map((chunk) => chunk.choices?.[0]?.delta ?? chunk.usage ?? chunk)).toMatchObject([
      { role: 'assistant', content: '' },
      { content: 'One. ' },
      { content: 'Two.' },
      { annotations: [{ url_citation: { start_index: 5 } }] },
      {},
      { total_tokens: 7 },
      DONE,
    ]);
    expect(streamed(cited).filter((chunk) => chunk !== DONE && 'usage' in chunk)).toEqual([]);
  });

  test('end with an error, and nothing after it, when what was said is taken back', () => {
    const chunks = streamed(runLog(part('text-start'), said('wro'), reset(), said('right'), ...ending()));
    expect(chunks.at(-1)).toMatchObject({ error: { code: 'ERR_OPENAI_008', request_id: 'request-1' } });
    expect(chunks.map((chunk) => chunk.choices?.[0]?.delta.content)).toEqual(['', 'wro', undefined]);
  });

  test('go on when an answer starts again that had said nothing', () => {
    const chunks = streamed(runLog(part('text-start'), reset(), said('right'), ...ending()));
    expect(chunks.at(-1)).toBe(DONE);
  });
});
