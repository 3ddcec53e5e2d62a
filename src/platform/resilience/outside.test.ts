import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test, vi } from 'vitest';
import { BulkheadFull, bulkhead } from './bulkhead.ts';
import { CircuitOpen } from './circuit-breaker.ts';
import { createOutside, type OutsideService, OutsideTimeout, READ_RETRIES } from './outside.ts';

const never = () => new AbortController().signal;
const service = (more: Partial<OutsideService> = {}): OutsideService => ({
  name: 'one',
  kind: 'mcp',
  timeout: 60_000,
  ...more,
});
const AT_ONCE = { ...READ_RETRIES, wait: async () => undefined };

describe('a call to something outside', () => {
  test('gives its answer', async () => {
    expect(await createOutside().call(service(), async () => 42, never())).toBe(42);
  });

  test('ends when its time is over, whether or not anybody heeds the signal, and opens the breaker at the fifth time', async () => {
    const outside = createOutside();
    const call = () => outside.call(service({ timeout: 1 }), () => new Promise(() => undefined), never());
    for (let time = 0; time < 5; time += 1) await expect(call()).rejects.toThrow(OutsideTimeout);
    await expect(call()).rejects.toThrow(CircuitOpen);
    expect(outside.states()).toEqual([{ name: 'one', kind: 'mcp', circuit: 'open', active: 0, waiting: 0 }]);
    expect(await outside.call(service({ name: 'another' }), async () => 'well', never())).toBe('well');
  });

  test('is repeated where that is allowed, and only there', async () => {
    const outside = createOutside();
    let calls = 0;
    const failing = async () => {
      calls += 1;
      if (calls < 3) throw new Error('away');
      return 'there';
    };
    expect(await outside.call(service({ retries: AT_ONCE }), failing, never())).toBe('there');
    calls = 0;
    await expect(outside.call(service(), failing, never())).rejects.toThrow('away');
    expect(calls).toBe(1);
  });

  test('that is refused is not repeated and says nothing against the service', async () => {
    const outside = createOutside();
    const refused = service({ retries: AT_ONCE, isFault: () => false });
    let calls = 0;
    const refuse = async () => {
      calls += 1;
      throw new Error('no such thing');
    };
    for (let time = 0; time < 6; time += 1)
      await expect(outside.call(refused, refuse, never())).rejects.toThrow('no such');
    expect(calls).toBe(6);
    expect(outside.states()[0]?.circuit).toBe('closed');
  });

  test('leaves nothing behind at a signal that lives on', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const life = new AbortController();
    let heard: WeakRef<AbortSignal> | undefined;
    const listen = async (signal: AbortSignal) => {
      signal.addEventListener('abort', () => undefined);
      heard = new WeakRef(signal);
    };
    await createOutside().call(service(), listen, life.signal);
    await vi.waitFor(() => {
      collect();
      // Not `toBeUndefined`: what it says would hold the signal.
      expect(heard?.deref() === undefined).toBe(true);
    });
    expect(life.signal.aborted).toBe(false);
  });

  test('ends with its caller, which says nothing against the service', async () => {
    const outside = createOutside();
    for (let time = 0; time < 6; time += 1) {
      const stop = new AbortController();
      const call = outside.call(service(), () => new Promise(() => undefined), stop.signal);
      stop.abort(new Error('gone'));
      await expect(call).rejects.toThrow('gone');
    }
    expect(outside.states()[0]?.circuit).toBe('closed');
  });
});

describe('a bulkhead', () => {
  test('lets some in, lets some wait in their order, and refuses the rest', async () => {
    const room = bulkhead(1, 2);
    const order: string[] = [];
    const doors = new Map<string, PromiseWithResolvers<void>>();
    const enter = (name: string) => {
      const door = Promise.withResolvers<void>();
      doors.set(name, door);
      return room.run(async () => {
        order.push(name);
        await door.promise;
      }, never());
    };
    const [first, second, third] = [enter('first'), enter('second'), enter('third')];
    await expect(enter('fourth')).rejects.toThrow(BulkheadFull);
    expect([room.active, room.waiting]).toEqual([1, 2]);
    for (const name of ['first', 'second', 'third']) doors.get(name)?.resolve();
    await Promise.all([first, second, third]);
    expect(order).toEqual(['first', 'second', 'third']);
    expect([room.active, room.waiting]).toEqual([0, 0]);
  });

  test('forgets who stopped waiting', async () => {
    const room = bulkhead(1, 1);
    const door = Promise.withResolvers<void>();
    const first = room.run(() => door.promise, never());
    const stop = new AbortController();
    const second = room.run(async () => undefined, stop.signal);
    stop.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    expect(room.waiting).toBe(0);
    door.resolve();
    await first;
    expect(room.active).toBe(0);
  });
});
