import { expect, test } from 'vitest';
import { filterFrom, isNarrowed, withParam } from './finding-filter.ts';
import { permissionsOf } from './permissions.ts';
import { sourceAddress } from './source-address.ts';

const read = (query: string) => filterFrom(new URLSearchParams(query));
const ALL_OPEN = { severity: null, category: null, status: 'open', rule: null, path: null };

test('an address without a filter shows what is open', () => {
  expect(read('')).toEqual(ALL_OPEN);
  expect(isNarrowed(read(''))).toBe(false);
  expect(isNarrowed(read('status=all'))).toBe(false);
});

test('an address may say all of a filter', () => {
  expect(read('severity=high&category=security&status=accepted&rule=a/b&path=%20src/%20')).toEqual({
    severity: 'high',
    category: 'security',
    status: 'accepted',
    rule: 'a/b',
    path: 'src/',
  });
  expect(read('status=all').status).toBeNull();
  expect(isNarrowed(read('path=src'))).toBe(true);
});

test('words that are none, and what the server would refuse, are left out', () => {
  expect(read('severity=worst&category=&status=gone&rule=&path=%20')).toEqual(ALL_OPEN);
  expect(read(`path=${'a'.repeat(2_000)}`).path).toHaveLength(1_000);
});

test('a changed address keeps the rest, and drops what is empty', () => {
  const query = new URLSearchParams('view=changes&path=a');
  expect(withParam(query, 'path', 'b').toString()).toBe('view=changes&path=b');
  expect(withParam(query, 'view', '').toString()).toBe('path=a');
  expect(query.get('view')).toBe('changes');
});

test('what the server would refuse is not offered', () => {
  const mine = { created_by: 'me' };
  const theirs = { created_by: 'somebody' };
  const may = (role: 'viewer' | 'member' | 'admin' | 'owner') => {
    const { work, administer, change } = permissionsOf({ role, userId: 'me' });
    return [work, change(mine), change(theirs), administer];
  };
  expect(may('viewer')).toEqual([false, false, false, false]);
  expect(may('member')).toEqual([true, true, false, false]);
  expect(may('admin')).toEqual([true, true, true, true]);
  expect(may('owner')).toEqual([true, true, true, true]);
});

test('a line is linked to where its host shows files', () => {
  const root = 'https://github.com/acme/shop/blob/abc/';
  expect(sourceAddress(root, 'src/a b#.js', 7)).toBe(`${root}src/a%20b%23.js#L7`);
  expect(sourceAddress(root, 'a\ud800.js', null)).toBe(`${root}a%EF%BF%BD.js`);
  expect(sourceAddress(null, 'a.js', 1)).toBeNull();
});
