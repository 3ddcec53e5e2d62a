import { expect, test } from 'vitest';
import { calendarDaysBetween, formatSize } from './format.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1 kB'],
  [2_840, '2.8 kB'],
  [48_120_000, '48 MB'],
  [5_000_000_000_000, '5,000 GB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatSize(bytes, 'en')).toBe(text);
});

test('days are counted by the calendar, not by 24 hours', () => {
  expect(calendarDaysBetween(new Date(2026, 2, 1, 23, 59), new Date(2026, 2, 2, 0, 1))).toBe(1);
  expect(calendarDaysBetween(new Date(2026, 2, 1, 0, 1), new Date(2026, 2, 1, 23, 59))).toBe(0);
  // A day of the change to summer time has 23 hours.
  expect(calendarDaysBetween(new Date(2026, 2, 28), new Date(2026, 2, 30))).toBe(2);
});
