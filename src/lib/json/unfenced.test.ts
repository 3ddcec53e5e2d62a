import { expect, test } from 'vitest';
import { unfenced } from './unfenced.ts';

function read(text: string, length: number): string {
  const reader = unfenced();
  const pieces = text.match(new RegExp(`[\\s\\S]{1,${length}}`, 'g')) ?? [];
  return pieces.map((piece) => reader.push(piece)).join('') + reader.end();
}

test.each([
  ['{"a":1}', '{"a":1}'],
  ['```json\n{"a":1}\n```', '{"a":1}'],
  ['  ```\n{"a":"```"}\n```  \n', '{"a":"```"}'],
  ['```JSON {"a":"x`"}', '{"a":"x`"}'],
  ['{"a":"```"}', '{"a":"```"}'],
  ['``', '``'],
  ['', ''],
])('%j is read as %j, however it is cut', (written, expected) => {
  for (const length of [1, 2, 3, 5, 100]) expect(read(written, length)).toBe(expected);
});

test('says what it can at once', () => {
  const reader = unfenced();
  expect(reader.push('```json\n{"a"')).toBe('{"a"');
  expect(reader.push(':1}\n')).toBe(':1}');
});

test('endless space is not held for ever', () => {
  const reader = unfenced();
  const said = Array.from({ length: 1_000 }, () => reader.push(' ')).join('');
  expect(said.length).toBeGreaterThan(700);
});
