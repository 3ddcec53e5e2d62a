import { describe, expect, it } from 'vitest';
import { type RetryOptions, retrying } from './retrying.ts';

const { signal: never } = new AbortController();

function fixture(options: Partial<RetryOptions> = {}) {
  const delays: number[] = [];
  const all: RetryOptions = {
    attempts: 4,
    baseDelay: 100,
    maxDelay: 300,
    giveUpAfter: 10_000,
    isRetryable: () => true,
    random: () => 0.5,
    wait: async (milliseconds) => {
      delays.push(milliseconds);
    },
    ...options,
  };
  return { delays, options: all };
}

const failing = (times: number) => (attempt: number) =>
  attempt <= times ? Promise.reject(new Error(`failure ${attempt}`)) : Promise.resolve(attempt);

describe('retrying', () => {
  it('waits longer each time, up to the longest', async () => {
    const { options, delays } = fixture();
    expect(await retrying(failing(3), options, never)).toBe(4);
    expect(delays).toEqual([50, 100, 150]);
  });

  it('throws the last error when the attempts are used up', async () => {
    const { options, delays } = fixture({ attempts: 2 });
    await expect(retrying(failing(9), options, never)).rejects.toThrow('failure 2');
    expect(delays).toHaveLength(1);
  });

  it('does not repeat what is not retryable', async () => {
    const { options, delays } = fixture({ isRetryable: () => false });
    await expect(retrying(failing(9), options, never)).rejects.toThrow('failure 1');
    expect(delays).toEqual([]);
  });

  it('waits at least as long as it was asked to, and not at all when that is too long', async () => {
    const asked = fixture({ askedDelay: () => 200 });
    await retrying(failing(1), asked.options, never);
    expect(asked.delays).toEqual([250]);
    const tooLong = fixture({ askedDelay: () => 301 });
    await expect(retrying(failing(1), tooLong.options, never)).rejects.toThrow('failure 1');
  });

  it('begins no further call after its time', async () => {
    const { options, delays } = fixture({ giveUpAfter: 40 });
    await expect(retrying(failing(1), options, never)).rejects.toThrow('failure 1');
    expect(delays).toEqual([]);
  });

  it('ends a wait with the reason of an abort', async () => {
    const stop = new AbortController();
    const options: RetryOptions = {
      ...{ attempts: 2, baseDelay: 60_000, maxDelay: 60_000, giveUpAfter: 120_000 },
      isRetryable: () => true,
      random: () => 1,
      onRetry: () => stop.abort(new Error('enough')),
    };
    await expect(retrying(failing(1), options, stop.signal)).rejects.toThrow('enough');
  });
});
