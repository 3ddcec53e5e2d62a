import { expect, test } from 'vitest';
import { BackupBrokenError, compareSums, countRows, markLine, RowSum, readHead, readMark } from './backup-lines.ts';

test('rows have the same sum in any order, and another one when a row is changed, lost or doubled', () => {
  const sumOf = (...rows: string[]) => {
    const sum = new RowSum();
    for (const row of rows) sum.add(row);
    return sum.total;
  };
  expect(sumOf('a', 'b', 'c')).toEqual(sumOf('c', 'a', 'b'));
  expect(sumOf('a', 'b').sum).not.toBe(sumOf('a', 'x').sum);
  expect(sumOf('a', 'a').sum).not.toBe(sumOf().sum);
  expect(sumOf('a', 'a', 'b').sum).not.toBe(sumOf('a', 'b', 'b').sum);
  expect(sumOf()).toEqual({ rows: 0, sum: '0.0' });
});

test('a difference is named by schema and table', () => {
  const one = { rows: 1, sum: '1.1' };
  const expected = { platform: { user: one, tenant: one }, tenant_a: { chunk: { rows: 2, sum: '5.5' } } };
  const found = { platform: { user: { rows: 1, sum: '2.2' } }, tenant_a: { chunk: { rows: 1, sum: '5.5' } } };
  expect(compareSums(expected, found)).toEqual([
    'platform.user has other rows',
    'platform.tenant is in one of them only',
    'tenant_a.chunk has 1 rows instead of 2',
  ]);
  expect(compareSums(expected, expected)).toEqual([]);
  expect(countRows(expected)).toBe(4);
});

test('a row is never taken for a mark, and what is no backup is refused', () => {
  expect(readMark('{"table": "x"}')).toBeNull();
  expect(readMark(markLine({ table: 'x' }))).toEqual({ table: 'x' });
  expect(() => readMark('#{"table')).toThrow(BackupBrokenError);
  expect(() => readHead('{"format":"parley-tenant"}')).toThrow('This is no backup');
  expect(() => readHead(undefined)).toThrow('This is no backup');
  const head = { format: 'parley-backup', version: 2 } as never;
  expect(() => readHead(markLine({ head }))).toThrow('version 2');
});
