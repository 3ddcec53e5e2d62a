import { expect, test } from 'vitest';
import { readWaivers, waiverInForce } from './waivers.ts';

const WAIVER = { check: 'a', reason: 'the balancer does it', owner: 'Ada Lovelace', until: '2027-01-31' };
const read = (...entries: unknown[]) => readWaivers(JSON.stringify(entries), ['a']);

test('a waiver that says who answers for what, why, and until when is taken', () => {
  expect(read(WAIVER)).toEqual([WAIVER]);
  expect(read()).toEqual([]);
});

test.each([
  [{ ...WAIVER, owner: ' ' }, '1. owner is missing'],
  [{ ...WAIVER, reason: undefined }, '1. reason is missing'],
  [{ ...WAIVER, until: undefined }, '1. until is missing'],
  [{ ...WAIVER, check: 'b' }, '1. there is no check "b"'],
  [{ ...WAIVER, until: '2027-02-31T00:00' }, '1. until must be a day such as 2027-01-31'],
  [{ ...WAIVER, until: '2027-13-01' }, '1. until must be a day such as 2027-01-31'],
  [{ ...WAIVER, until: 'for ever' }, '1. until must be a day such as 2027-01-31'],
])('%j is refused, and what it lacks is named', (entry, fault) => {
  expect(() => read(entry)).toThrow(fault);
});

test.each(['', '{}', '"a"', '[1]', '[null]'])('%s is no list of waivers', (content) => {
  expect(() => readWaivers(content, ['a'])).toThrow(/Waivers are a JSON list such as/);
});

test('one counts for its check, to the end of its last day', () => {
  const at = (moment: string, check = 'a') => waiverInForce([WAIVER], check, new Date(moment));
  expect(at('2027-01-31T23:59:59.999Z')).toEqual(WAIVER);
  expect(at('2027-02-01T00:00:00Z')).toBeNull();
  expect(at('2027-01-31T00:00:00Z', 'b')).toBeNull();
});
