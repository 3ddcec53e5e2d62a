import { createForgetting, type Forgetter, type Forgetting } from '../../src/features/tenancy/index.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import type { Database } from '../../src/platform/database/database.ts';
import type { Queue } from '../../src/platform/queue/queue.ts';
import type { ObjectStorage } from '../../src/platform/storage/object-storage.ts';
import { createMetrics } from '../../src/platform/telemetry/metrics.ts';

/** Forgetting, with its journal in memory, for features that are tried by themselves. */
export function forgettingOn(
  database: Database,
  queue: Pick<Queue, 'enqueue'>,
  forgetters: () => readonly Forgetter[],
  { clock = systemClock, storage = heldStorage() }: { clock?: Clock; storage?: ObjectStorage } = {},
): Forgetting {
  const secretKey = 'a key of tests, which signs receipts';
  const parts = { metrics: createMetrics(), secretKey, forgetters, removeFiles: async () => undefined };
  return createForgetting({ database, queue, clock, storage, ...parts });
}

/** Objects that end with the test. */
export function heldStorage(): ObjectStorage {
  const objects = new Map<string, Buffer>();
  return {
    location: 'memory',
    put: async (key, bytes) => void objects.set(key, Buffer.from(bytes)),
    get: async (key) => objects.get(key) ?? null,
    list: async function* list(prefix) {
      yield* [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    },
    delete: async (key) => void objects.delete(key),
  };
}
