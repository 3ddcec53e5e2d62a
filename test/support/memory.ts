import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { hasEndedRuns, passOverPreviousRun, sessionOwner, takeEndedRuns } from '../../src/features/chat/index.ts';
import { createMemory, type Memory, type MemoryDependencies } from '../../src/features/memory/index.ts';
import { type Forgetting, listServedTenants } from '../../src/features/tenancy/index.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { createQueue, type Queue } from '../../src/platform/queue/queue.ts';
import type { ObjectStorage } from '../../src/platform/storage/object-storage.ts';
import { createObjectStorage } from '../../src/platform/storage/open-storage.ts';
import { createMetrics } from '../../src/platform/telemetry/metrics.ts';
import { forgettingOn } from './forgetting.ts';
import { type MovableClock, movableClock } from './identity.ts';
import { unmetered } from './unmetered.ts';

export type TestMemory = {
  memory: Memory;
  queue: Queue;
  clock: MovableClock;
  coldStorage: ObjectStorage;
  forgetting: Forgetting;
  stop(): Promise<void>;
};

export type TestMemoryOptions = Partial<Omit<MemoryDependencies, 'database' | 'queue' | 'clock'>> & {
  /** Whether jobs are taken; otherwise they wait for ever, and the test does their work by itself. */
  work?: boolean;
};

const STOP_TIMEOUT_MS = 5_000;

/** The memory feature on a test database, with a queue of its own and a clock that stands. */
export async function startMemory(database: Database, options: TestMemoryOptions = {}): Promise<TestMemory> {
  const { work = false, ...more } = options;
  const onError = (error: Error) => {
    throw error;
  };
  const queue = createQueue(database, { onError, onWarning: () => undefined });
  const clock = movableClock(new Date('2026-06-15T12:00:00Z'));
  const folder = await mkdtemp(join(tmpdir(), 'parley-memory-'));
  const stored = (name: string) => createObjectStorage(join(folder, name), { pathStyle: false });
  const coldStorage = stored('cold');
  const forgetting = forgettingOn(database, queue, () => [memory.forgetter], { clock, storage: stored('forgotten') });
  const memory: Memory = createMemory({
    database,
    queue,
    clock,
    embedder: null,
    factModel: (name) => {
      throw new Error(`There is no model ${name}.`);
    },
    meter: unmetered,
    settings: { read: async (_tenant, setting) => setting.fallback },
    log: pino({ level: 'silent' }),
    metrics: createMetrics(),
    sessionOwner,
    forgetting,
    retention: { coldStorage, schedule: '0 0 1 1 *', listTenants: () => listServedTenants(database) },
    takeEnded: takeEndedRuns,
    hasEnded: hasEndedRuns,
    passOverPrevious: passOverPreviousRun,
    ...more,
  });
  await queue.start([...memory.jobs, ...forgetting.jobs], { work });
  const stop = async () => {
    await memory.embedding.settled();
    await queue.stop(STOP_TIMEOUT_MS);
    await rm(folder, { recursive: true, force: true });
  };
  return { memory, queue, clock, coldStorage, forgetting, stop };
}
