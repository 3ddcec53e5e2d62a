import { pino } from 'pino';
import { sessionOwner } from '../../src/features/chat/index.ts';
import { createMemory, type Memory, type MemoryDependencies } from '../../src/features/memory/index.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { createQueue, type Queue } from '../../src/platform/queue/queue.ts';
import { createMetrics } from '../../src/platform/telemetry/metrics.ts';
import { type MovableClock, movableClock } from './identity.ts';
import { unmetered } from './unmetered.ts';

export type TestMemory = { memory: Memory; queue: Queue; clock: MovableClock; stop(): Promise<void> };

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
  const memory = createMemory({
    database,
    queue,
    clock,
    embedder: null,
    meter: unmetered,
    log: pino({ level: 'silent' }),
    metrics: createMetrics(),
    sessionOwner,
    ...more,
  });
  await queue.start(memory.jobs, { work });
  const stop = async () => {
    await memory.embedding.settled();
    await queue.stop(STOP_TIMEOUT_MS);
  };
  return { memory, queue, clock, stop };
}
