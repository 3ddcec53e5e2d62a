import { describe, expect, test } from 'vitest';
import { decayOf, importanceOf, recallScore } from './scores.ts';

const DAY = 24 * 3_600_000;

describe('importance', () => {
  test.each([
    ['system', 0.58],
    ['user', 0.54],
    ['assistant', 0.5],
    ['tool', 0.5],
  ])('of a fresh message of the %s is %d', (role, expected) => {
    expect(importanceOf({ role, ageMs: 0, explicit: 0 })).toBeCloseTo(expected, 12);
  });

  test('falls with the hours of a day, and no further', () => {
    expect(importanceOf({ role: 'user', ageMs: DAY / 2, explicit: 0 })).toBeCloseTo(0.34, 12);
    expect(importanceOf({ role: 'user', ageMs: DAY, explicit: 0 })).toBeCloseTo(0.14, 12);
    expect(importanceOf({ role: 'user', ageMs: 400 * DAY, explicit: 0 })).toBeCloseTo(0.14, 12);
  });

  test('rises for what asks to be remembered; a time to come counts as now', () => {
    expect(importanceOf({ role: 'user', ageMs: -DAY, explicit: 1 })).toBeCloseTo(0.94, 12);
  });
});

test('decay has a true half-life of seven days', () => {
  expect(decayOf(0)).toBe(1);
  expect(decayOf(7 * DAY)).toBe(0.5);
  expect(decayOf(14 * DAY)).toBe(0.25);
  expect(decayOf(-DAY)).toBe(1);
});

test('the score is the weighted sum, whatever the weights add up to', () => {
  const factors = { similarity: 0.5, importance: 0.54, decay: 0.5 };
  expect(recallScore(factors)).toBeCloseTo(0.6 * 0.5 + 0.3 * 0.54 + 0.1 * 0.5, 12);
  expect(recallScore(factors, { similarity: 6, importance: 3, decay: 1 })).toBeCloseTo(recallScore(factors), 12);
  expect(recallScore(factors, { similarity: 0, importance: 0, decay: 0 })).toBe(0);
});
