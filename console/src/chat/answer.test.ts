import { describe, expect, test } from 'vitest';
import { citationOf, logged, shortAnswer, storedAnswer } from '../../test/events.ts';
import type { Message } from '../api/types.ts';
import { type Answer, applyEvent, emptyAnswer, partsOfMessage, textOf } from './answer.ts';

const built = (events: ReturnType<typeof logged>): Answer => events.reduce(applyEvent, emptyAnswer);

describe('an answer built from its events', () => {
  test('has the text of its deltas, in order', () => {
    const answer = built(shortAnswer().slice(0, 5));
    expect(textOf(answer.parts)).toBe('One, two, three.');
    expect(answer).toMatchObject({ runId: 'run-1', messageId: 'message-1', status: 'running', lastSeq: 5 });
  });

  test('takes an event that comes twice once', () => {
    const events = shortAnswer();
    const twice = [...events.slice(0, 4), ...events.slice(2, 5)];
    expect(textOf(built(twice).parts)).toBe('One, two, three.');
  });

  test('drops the text and the citations of a part that is reset, and goes on in it', () => {
    const answer = built(
      logged([
        { type: 'text-start', part_id: 'text-1' },
        { type: 'text-delta', part_id: 'text-1', delta: 'Lost [1]' },
        { type: 'citation', ...citationOf() },
        { type: 'text-reset', part_id: 'text-1', reason: 'taken over' },
        { type: 'text-delta', part_id: 'text-1', delta: 'Kept' },
      ]),
    );
    expect(answer.parts).toEqual([{ id: 'text-1', text: 'Kept', citations: [] }]);
  });

  test('gives a citation to the part that it names', () => {
    const answer = built(
      logged([
        { type: 'text-start', part_id: 'text-1' },
        { type: 'text-start', part_id: 'text-2' },
        { type: 'citation', ...citationOf({ part_id: 'text-1' }) },
      ]),
    );
    expect(answer.parts.map(({ citations }) => citations.length)).toEqual([1, 0]);
  });

  test('ends as the stored message says', () => {
    const answer = built(shortAnswer());
    expect(answer).toMatchObject({ status: 'completed', fault: null });
    expect(textOf(answer.parts)).toBe('One, two, three.');
  });

  test('keeps what was said, and why it stopped, when the run fails without a message', () => {
    const fault = { code: 'ERR_RUN_001', detail: 'The model could not be reached.' };
    const answer = built([
      ...shortAnswer().slice(0, 3),
      { type: 'run-end', status: 'failed', error: fault, message: null, seq: 9, run_id: 'run-1' },
    ]);
    expect(answer).toMatchObject({ status: 'failed', fault });
    expect(textOf(answer.parts)).toBe('One, ');
  });
});

describe('the citations of a stored message', () => {
  const cited = (parts: Message['parts']) =>
    partsOfMessage(storedAnswer(parts)).map(({ text, citations }) => [text, citations.map(({ chunk_id }) => chunk_id)]);
  const citation = (chunk_id: string, part_id: string) =>
    ({ type: 'citation', ...citationOf({ chunk_id, part_id }) }) as const;

  test('belong to the text part that they name', () => {
    const text = (part_id: string) => ({ type: 'text', text: part_id, part_id }) as const;
    expect(cited([text('one'), text('two'), citation('a', 'one'), citation('b', 'two')])).toEqual([
      ['one', ['a']],
      ['two', ['b']],
    ]);
  });

  test('belong to the text before them where parts have no names', () => {
    const parts = [
      { type: 'text', text: 'One' },
      citation('a', 'x'),
      { type: 'text', text: 'Two' },
      citation('b', 'x'),
    ];
    expect(cited(parts as Message['parts'])).toEqual([
      ['One', ['a']],
      ['Two', ['b']],
    ]);
  });
});
