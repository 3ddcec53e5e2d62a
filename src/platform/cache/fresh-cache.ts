import type { Clock } from '../clock.ts';
import { createBoundedCache } from './bounded-cache.ts';

export type FreshCache<Value> = {
  /** The value if it is fresh, else what `load` gives; callers at the same time share one load. A failure or `undefined`
   * is not kept. */
  get(key: string, load: () => Promise<Value | undefined>): Promise<Value | undefined>;
  forget(key: string): void;
  clear(): void;
};

/** Values that may be `lifetime` ms old, `capacity` of them at most. */
export function createFreshCache<Value>(options: {
  capacity: number;
  lifetime: number;
  clock: Clock;
}): FreshCache<Value> {
  type Entry = { value: Promise<Value | undefined>; since: number };
  const entries = createBoundedCache<Entry>(options.capacity);

  const isFresh = ({ since }: Entry): boolean => {
    const age = options.clock.now().getTime() - since;
    // A clock that was set back must not keep what is old alive.
    return age >= 0 && age < options.lifetime;
  };

  const drop = (key: string, entry: Entry): void => {
    if (entries.get(key) === entry) entries.delete(key);
  };

  return {
    get: (key, load) => {
      const known = entries.get(key);
      if (known && isFresh(known)) return known.value;
      const entry: Entry = { value: load(), since: options.clock.now().getTime() };
      entries.set(key, entry);
      entry.value.then(
        (value) => value === undefined && drop(key, entry),
        () => drop(key, entry),
      );
      return entry.value;
    },
    forget: (key) => entries.delete(key),
    clear: () => entries.clear(),
  };
}
