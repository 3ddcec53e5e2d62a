/** What was used last, up to so many bytes: objects that others are made of would be unpacked again and again. */
export type ObjectCache<Key, Value> = {
  get(key: Key): Value | undefined;
  put(key: Key, value: Value, bytes: number): void;
};

const MOST_BYTES = 64 * 1024 * 1024;
/** A larger one would push out all others. */
const LARGEST_PART = 4;

export function createObjectCache<Key, Value>(mostBytes = MOST_BYTES): ObjectCache<Key, Value> {
  const kept = new Map<Key, { value: Value; bytes: number }>();
  let total = 0;

  function drop(key: Key): void {
    total -= kept.get(key)?.bytes ?? 0;
    kept.delete(key);
  }

  return {
    get: (key) => {
      const found = kept.get(key);
      if (!found) return undefined;
      kept.delete(key);
      kept.set(key, found);
      return found.value;
    },
    put: (key, value, bytes) => {
      if (bytes > mostBytes / LARGEST_PART) return;
      drop(key);
      kept.set(key, { value, bytes });
      total += bytes;
      for (const oldest of kept.keys()) {
        if (total <= mostBytes) break;
        drop(oldest);
      }
    },
  };
}
