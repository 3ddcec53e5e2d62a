import { expect, test } from 'vitest';
import { gathered } from './gather.ts';

const tenant = { id: 't1', slug: 'one' };

/** Stores when it is told to; keeps what was stored together. */
function slowStore() {
  const batches: string[][] = [];
  const gates: (() => void)[] = [];
  const store = async (_tenant: unknown, entries: readonly string[]) => {
    batches.push([...entries]);
    await new Promise<void>((resolve) => gates.push(resolve));
    if (entries.includes('breaks')) throw new Error('broken');
    return entries.map((entry) =>
      entry === 'refused'
        ? ({ status: 'rejected', reason: new Error('no') } as const)
        : ({ status: 'fulfilled', value: `stored ${entry}` } as const),
    );
  };
  const openAll = async (done: Promise<unknown>) => {
    let over = false;
    void done.finally(() => {
      over = true;
    });
    while (!over) {
      gates.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { batches, gates, write: gathered(store), openAll };
}

test('who comes first is stored at once, and who comes meanwhile together', async () => {
  const { batches, gates, write, openAll } = slowStore();
  const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map((entry) => write(tenant, entry)));
  expect(batches).toEqual([['a'], ['b']]);
  expect(gates).toHaveLength(2);
  await openAll(all);
  expect(batches).toEqual([['a'], ['b'], ['c', 'd', 'e']]);
  expect(await all).toEqual(['stored a', 'stored b', 'stored c', 'stored d', 'stored e']);
});

test('each has its own result; what breaks one write breaks no other', async () => {
  const { write, openAll } = slowStore();
  const all = Promise.allSettled(['a', 'b', 'c', 'breaks', 'refused', 'd'].map((entry) => write(tenant, entry)));
  await openAll(all);
  expect((await all).map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
  ]);
});

test('tenants do not wait for each other, and a line that is empty is begun anew', async () => {
  const { batches, write, openAll } = slowStore();
  const first = ['a', 'b', 'c'].map((entry) => write(tenant, entry));
  const other = write({ id: 't2', slug: 'two' }, 'x');
  expect(batches).toEqual([['a'], ['b'], ['x']]);
  await openAll(Promise.all([...first, other]));
  const again = write(tenant, 'z');
  await openAll(again);
  expect(batches.at(-1)).toEqual(['z']);
});
