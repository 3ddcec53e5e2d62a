import { expect, test } from 'vitest';
import { DEFAULT_TIMEOUTS, startDeadline } from './deadline.ts';

test('a deadline that ends before anybody said what to do then is over all the same, and for good', () => {
  const stopping = new AbortController();
  const deadline = startDeadline({ provider: 'openai', timeouts: DEFAULT_TIMEOUTS, signal: stopping.signal });
  expect(deadline.reason()).toBeNull();
  stopping.abort('a word');
  expect(deadline.reason()).toBe('a word');
  deadline.expectWithin(1);
  deadline.stop();
});

test('whoever aborts without an error ends it with one', () => {
  const stopping = new AbortController();
  const deadline = startDeadline({ provider: 'openai', timeouts: DEFAULT_TIMEOUTS, signal: stopping.signal });
  const ends: Error[] = [];
  deadline.onEnd((reason) => ends.push(reason));
  stopping.abort('a word');
  expect(ends).toEqual([new Error('The request was aborted.')]);
  expect(ends[0]?.cause).toBe('a word');
});
