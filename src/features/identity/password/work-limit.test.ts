import { describe, expect, test } from 'vitest';
import { createWorkLimit, WorkLimitError } from './work-limit.ts';

/** Work that ends when the test says so. */
function heldWork() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let started = false;
  const work = () => {
    started = true;
    return promise;
  };
  return { work, finish: resolve, fail: reject, hasStarted: () => started };
}

describe('a work limit', () => {
  test('never runs more than its concurrency, and runs all, in order', async () => {
    const limit = createWorkLimit({ concurrency: 2, queueLength: 10_000 });
    let running = 0;
    let most = 0;
    const order: number[] = [];
    const work = (index: number) => async () => {
      running += 1;
      most = Math.max(most, running);
      order.push(index);
      await new Promise(setImmediate);
      running -= 1;
    };
    await Promise.all(Array.from({ length: 10_000 }, (_, index) => limit.run(work(index))));
    expect(most).toBe(2);
    expect(order).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
  });

  test('refuses who comes when the queue is full, and takes others once there is room', async () => {
    const limit = createWorkLimit({ concurrency: 1, queueLength: 1 });
    const first = heldWork();
    const running = limit.run(first.work);
    const waiting = limit.run(async () => 'second');
    await expect(limit.run(async () => 'third')).rejects.toBeInstanceOf(WorkLimitError);
    first.finish('first');
    expect(await Promise.all([running, waiting])).toEqual(['first', 'second']);
    expect(await limit.run(async () => 'fourth')).toBe('fourth');
  });

  test('goes on after work that fails', async () => {
    const limit = createWorkLimit({ concurrency: 1, queueLength: 1 });
    const first = heldWork();
    const running = limit.run(first.work);
    const waiting = limit.run(async () => 'second');
    first.fail(new Error('broken'));
    await expect(running).rejects.toThrow('broken');
    expect(await waiting).toBe('second');
  });

  test('drops a caller who gives up while waiting, and its place is free', async () => {
    const limit = createWorkLimit({ concurrency: 1, queueLength: 1 });
    const first = heldWork();
    const second = heldWork();
    const running = limit.run(first.work);
    const giveUp = new AbortController();
    const waiting = limit.run(second.work, giveUp.signal);
    giveUp.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    const third = limit.run(async () => 'third');
    first.finish('first');
    expect(await Promise.all([running, third])).toEqual(['first', 'third']);
    expect(second.hasStarted()).toBe(false);
  });

  test('does not start for a caller who has given up already', async () => {
    const limit = createWorkLimit({ concurrency: 1, queueLength: 1 });
    const work = heldWork();
    await expect(limit.run(work.work, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    expect(work.hasStarted()).toBe(false);
  });
});
