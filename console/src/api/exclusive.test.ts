import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { stubBrowser } from '../../test/browser-globals.ts';
import { withLease } from './exclusive.ts';

let kept: Map<string, string>;
beforeEach(() => {
  kept = stubBrowser();
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('without locks in the browser, two tabs that begin in the same moment still work one after the other', async () => {
  const steps: string[] = [];
  const work = (name: string) => async () => {
    steps.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    steps.push(`${name} ends`);
  };
  const both = Promise.all([withLease('k', work('a')), withLease('k', work('b'))]);
  await vi.advanceTimersByTimeAsync(5_000);
  await both;
  expect(steps.map((step) => step.split(' ')[1])).toEqual(['begins', 'ends', 'begins', 'ends']);
  expect(kept.size).toBe(0);
});

test('a lease of a tab that died is given up', async () => {
  kept.set('k', JSON.stringify({ owner: 'dead', until: Date.now() + 20_000 }));
  const done = vi.fn();
  const waiting = withLease('k', async () => done());
  await vi.advanceTimersByTimeAsync(19_000);
  expect(done).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(2_000);
  await waiting;
  expect(done).toHaveBeenCalledOnce();
});

test('a lease is given back when the work fails', async () => {
  const failing = withLease('k', async () => {
    throw new Error('no');
  });
  const refused = expect(failing).rejects.toThrow('no');
  await vi.advanceTimersByTimeAsync(200);
  await refused;
  expect(kept.size).toBe(0);
});
