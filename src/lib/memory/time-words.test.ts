import { expect, test } from 'vitest';
import { timeRangeOf } from './time-words.ts';

/** A Monday. */
const NOW = new Date('2026-06-15T12:00:00Z');

test.each([
  ['What did I eat yesterday?', '2026-06-14', '2026-06-15'],
  ['What did I say today?', '2026-06-15', '2026-06-16'],
  ['Whom did I meet last week?', '2026-06-08', '2026-06-15'],
  ['What happened this week?', '2026-06-15', '2026-06-22'],
  ['Where was I last weekend?', '2026-06-13', '2026-06-15'],
  ['What did we plan last month?', '2026-05-01', '2026-06-01'],
  ['What did I buy last year?', '2025-01-01', '2026-01-01'],
  ['What did I buy in May?', '2026-05-01', '2026-06-01'],
  ['What did I buy in December?', '2025-12-01', '2026-01-01'],
  ['What did I buy in May 2024?', '2024-05-01', '2024-06-01'],
  ['What happened 3 days ago?', '2026-06-12', '2026-06-13'],
  ['What happened two weeks ago?', '2026-05-29', '2026-06-05'],
  ['What did I say in the last 10 days?', '2026-06-05', '2026-06-16'],
  ['Whom did I call on Friday?', '2026-06-12', '2026-06-13'],
  ['Whom did I call last Monday?', '2026-06-08', '2026-06-09'],
  ['What was said on 2026-02-03?', '2026-02-03', '2026-02-04'],
  ['What did I do in 2023?', '2023-01-01', '2024-01-01'],
  ['What have I said since 2026-05-04?', '2026-05-04', '2026-06-16'],
  ['What have I said since May?', '2026-05-01', '2026-06-16'],
  ['What did I say after 2026-05-04?', '2026-05-05', '2026-06-16'],
  ['What did I say before 2026-05-04?', '1970-01-01', '2026-05-04'],
  ['What did I eat in the past week?', '2026-06-08', '2026-06-16'],
  ['What did I eat in the last three days?', '2026-06-12', '2026-06-16'],
])('%s → %s', (question, from, to) => {
  const range = timeRangeOf(question, NOW);
  expect([range?.from.toISOString().slice(0, 10), range?.to.toISOString().slice(0, 10)]).toEqual([from, to]);
  expect(question).toContain(range?.words.trim() ?? '?');
});

test.each([
  ['What did I do a month ago?', '2026-03-31T10:00:00Z', '2026-02-13', '2026-03-16'],
  ['What did I do in the last 1 month?', '2026-03-31T10:00:00Z', '2026-02-28', '2026-04-01'],
  ['What did I do in the last 2 years?', '2028-02-29T10:00:00Z', '2026-02-28', '2028-03-01'],
  ['What did I do in the last 2 months?', '2026-01-31T10:00:00Z', '2025-11-30', '2026-02-01'],
  ['What did I say yesterday?', '2026-01-01T00:00:00Z', '2025-12-31', '2026-01-01'],
  ['What did I say yesterday?', '2026-03-29T23:59:59.999Z', '2026-03-28', '2026-03-29'],
  ['What did I say last week?', '2026-01-01T00:00:00Z', '2025-12-22', '2025-12-29'],
  ['What did I say this week?', '2026-11-29T23:59:59Z', '2026-11-23', '2026-11-30'],
  ['What did I buy last month?', '2026-01-31T23:59:59Z', '2025-12-01', '2026-01-01'],
])('at the ends of months and days: %s, asked at %s', (question, now, from, to) => {
  const range = timeRangeOf(question, new Date(now));
  expect([range?.from.toISOString().slice(0, 10), range?.to.toISOString().slice(0, 10)]).toEqual([from, to]);
});

test.each([
  'What was said on 2026-02-31?',
  'What was said on 0000-01-01?',
  'What may I eat?',
  'Where do I live?',
  'In which year was I born?',
  'Who is May?',
  'What is in 3000?',
])('%s names no time', (question) => {
  expect(timeRangeOf(question, NOW)).toBeNull();
});
