import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerText } from './answer-text.ts';

describe('the text of an answer', () => {
  test('is said in whole characters, however it was cut', () => {
    const text = fc.array(fc.constantFrom('a', '\ud83d', '\ude00', '🪴'), { maxLength: 12 });
    fc.assert(
      fc.property(text, (pieces) => {
        const said = answerText('openai');
        const out = [...pieces.map(said.push), said.end()];
        expect(out.join('')).toBe(pieces.join(''));
        // Whatever is whole when joined is whole in each of its pieces.
        if (pieces.join('').isWellFormed()) expect(out.every((piece) => piece.isWellFormed())).toBe(true);
      }),
    );
    const said = answerText('openai');
    expect(['a\ud83d', '\ude00', 'b', '\ud83d'].map(said.push)).toEqual(['a', '😀', 'b', '']);
    expect([said.end(), said.end()]).toEqual(['\ud83d', '']);
  });

  test('has an end', () => {
    const said = answerText('openai');
    const million = 'x'.repeat(1_000_000);
    for (let count = 0; count < 4; count += 1) expect(said.push(million)).toBe(million);
    expect(() => said.push(million)).toThrow(expect.objectContaining({ name: 'ModelError', kind: 'protocol' }));
  });
});
