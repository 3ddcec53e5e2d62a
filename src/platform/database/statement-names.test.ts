import { expect, test } from 'vitest';
import { StatementNames } from './statement-names.ts';

function nameAfter(names: StatementNames, text: string, uses: number): string | null {
  let name: string | null = null;
  for (let use = 0; use < uses; use += 1) name = names.nameOf(text);
  return name;
}

test('a statement gets a name once it comes often, and keeps it', () => {
  const names = new StatementNames();
  expect(nameAfter(names, 'SELECT 1', 4)).toBeNull();
  const name = names.nameOf('SELECT 1');
  expect(name).toMatch(/^p_/);
  expect(names.nameOf('SELECT 1')).toBe(name);
});

test('different statements get different names, the same in every process', () => {
  const [one, other] = [nameAfter(new StatementNames(), 'SELECT 1', 5), nameAfter(new StatementNames(), 'SELECT 2', 5)];
  expect(one).not.toBe(other);
  expect(nameAfter(new StatementNames(), 'SELECT 1', 5)).toBe(one);
});

test('names have an end, however many statements come', () => {
  const names = new StatementNames();
  const given = Array.from({ length: 1_000 }, (_, index) => nameAfter(names, `SELECT ${index}`, 5));
  expect(given.filter((name) => name !== null)).toHaveLength(200);
});
