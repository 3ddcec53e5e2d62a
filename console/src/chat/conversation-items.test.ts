import { describe, expect, test } from 'vitest';
import { storedAnswer } from '../../test/events.ts';
import type { Message } from '../api/types.ts';
import { emptyAnswer } from './answer.ts';
import { conversationItems, type KnownItems } from './conversation-items.ts';
import type { LiveRun } from './live-runs.ts';

const question: Message = storedAnswer([], { id: 'q1', role: 'user', content: 'Why?' });
const answer: Message = storedAnswer([{ type: 'text', text: 'Because.', part_id: 'text-1' }], { id: 'a1' });

const live: LiveRun = {
  sessionId: 's1',
  question: 'Why?',
  replaces: null,
  answer: {
    ...emptyAnswer,
    runId: 'run-1',
    messageId: 'a1',
    status: 'running',
    activity: 'writing',
    parts: [{ id: 'text-1', text: 'Bec', citations: [] }],
  },
  phase: 'streaming',
  stopping: false,
  error: null,
};

const keys = (messages: Message[], run: LiveRun | null) =>
  conversationItems(messages, run, new Map()).map(({ key }) => key);

describe('a conversation', () => {
  test('shows the question and the answer that are not stored yet', () => {
    expect(conversationItems([], live, new Map())).toEqual([
      { kind: 'question', key: 'question', text: 'Why?', place: null },
      {
        kind: 'answer',
        key: 'a1',
        place: null,
        parts: live.answer.parts,
        calls: [],
        runId: 'run-1',
        stopped: false,
        progress: '',
        recalled: [],
      },
    ]);
  });

  test('shows nothing twice while both the stored messages and the live ones are there', () => {
    expect(keys([question], live)).toEqual(['q1', 'a1']);
    expect(keys([question, answer], live)).toEqual(['q1', 'a1']);
    expect(keys([question, answer], null)).toEqual(['q1', 'a1']);
  });

  test('shows a new question under an old answer of another run', () => {
    const older = storedAnswer([], { id: 'a0', run_id: 'run-0' });
    expect(keys([older], live)).toEqual(['a0', 'question', 'a1']);
  });

  test('gives the same item for a message that is read again, so that it is not drawn again', () => {
    const known: KnownItems = new Map();
    const [first] = conversationItems([answer], live, known);
    expect(conversationItems([structuredClone(answer)], null, known)[0]).toBe(first);
  });

  test('says that the connection is lost, and nothing of the kind once the answer has ended', () => {
    expect(conversationItems([], { ...live, phase: 'waiting' }, new Map())[1]).toMatchObject({
      progress: expect.stringContaining('Connection lost'),
    });
    expect(conversationItems([], { ...live, phase: 'ended' }, new Map())[1]).toMatchObject({ progress: null });
  });

  test('makes room for what a run stands in the place of, until that is stored on a branch of its own', () => {
    const later = storedAnswer([], { id: 'q2', role: 'user', content: 'And?', run_id: 'run-0' });
    const replacing = (replaces: LiveRun['replaces'], asked: string | null): LiveRun => ({
      ...live,
      question: asked,
      replaces,
      answer: { ...live.answer, runId: 'run-2', messageId: 'a2' },
    });
    const again = replacing({ kind: 'answer', messageId: 'a1' }, null);
    expect(keys([question, answer, later], again)).toEqual(['q1', 'a2']);
    expect(keys([question, later], replacing({ kind: 'answer', messageId: 'q1' }, null))).toEqual(['q1', 'a2']);
    const otherwise = replacing({ kind: 'question', messageId: 'q1' }, 'Why not?');
    expect(keys([question, answer, later], otherwise)).toEqual(['question', 'a2']);
    expect(keys([question, { ...answer, id: 'a2', run_id: 'run-2' }], again)).toEqual(['q1', 'a2']);
  });

  test('draws a message anew when another version of it has come, and no other', () => {
    const known: KnownItems = new Map();
    const [first, second] = conversationItems([question, answer], null, known);
    const branched = { ...answer, siblings: ['a1', 'a2'] };
    const after = conversationItems([question, branched], null, known);
    expect(after[0]).toBe(first);
    expect(after[1]).not.toBe(second);
    expect(after[1]?.place?.siblings).toEqual(['a1', 'a2']);
  });
});
