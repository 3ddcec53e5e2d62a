import { expect, test } from 'vitest';
import { answerFromMemory } from './answer-from-memory.ts';

const said = (content: string) => ({
  kind: 'memory' as const,
  role: 'user',
  content,
  saidAt: '2026-11-26T10:00:00.000Z',
});
const answer = (question: string, ...contents: string[]) =>
  answerFromMemory(question, contents.map(said))?.text ?? null;

test('what a user said of themselves answers', () => {
  expect(answer('Where do I live?', 'I live in Bern.')).toContain('“I live in Bern.”');
  expect(answer('Where do I live?', 'I live in Bern. Is it cold there?')).toContain(
    '“I live in Bern. Is it cold there?”',
  );
});

test.each(['How do I start Parley?', 'how do i start parley', 'How do I start Parley? And where do I stop it?'])(
  'what a user asked before does not: %s',
  (asked) => {
    expect(answer('How do I start Parley?', asked)).toBeNull();
  },
);

test('what was told is found behind what was asked', () => {
  const told = 'I start Parley with systemd.';
  expect(answer('How do I start Parley?', 'How do I start Parley?', told)).toContain(`“${told}”`);
});
