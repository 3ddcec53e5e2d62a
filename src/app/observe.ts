import { statfs } from 'node:fs/promises';
import type { Database } from '../platform/database/database.ts';
import type { ReplicaReads } from '../platform/database/replica.ts';
import { createQueue, type JobOutcome, type Queue } from '../platform/queue/queue.ts';
import { createOutside, type Outside } from '../platform/resilience/outside.ts';
import type { Logger } from '../platform/telemetry/log.ts';
import { createMetrics, type Metrics } from '../platform/telemetry/metrics.ts';
import { gaugeProcess } from '../platform/telemetry/process-gauges.ts';
import type { Tracing } from '../platform/telemetry/tracing.ts';
import { outsideEvents } from './outside-services.ts';

export type Observed = { metrics: Metrics; outside: Outside; queue: Queue };

/** The metrics, and what is measured and logged wherever it is used: the queue, and calls to anything outside. */
export function observe(parts: {
  log: Logger;
  database: Database;
  reads: ReplicaReads;
  tracing: Tracing | null;
  /** DATA_DIR. */
  dataDir: string;
  slowStatements(): number;
}): Observed {
  const { log, database, reads, tracing, dataDir, slowStatements } = parts;
  const metrics = createMetrics();
  const outside = createOutside(outsideEvents(log, metrics));
  const queue = createQueue(database, {
    onError: (error) => log.error({ err: error }, 'the queue met an error'),
    onWarning: (warning) => log.warn({ warning }, 'the queue warns'),
    onJob: (name, outcome, seconds, error) => noteJob({ log, metrics }, { name, outcome, seconds, error }),
    tracing,
  });
  gaugeProcess(metrics.registry, {
    connections: () => database.connections(),
    waiting: () => database.waiting(),
    jobs: () => queue.counts(),
    jobAges: () => queue.ages(),
    replicaLag: () => reads.lag(),
    disk: () => diskOf(dataDir),
    slowStatements,
    circuits: outside.states,
  });
  return { metrics, outside, queue };
}

type TriedJob = { name: string; outcome: JobOutcome; seconds: number; error: unknown };

function noteJob(
  { log, metrics }: { log: Logger; metrics: Metrics },
  { name, outcome, seconds, error }: TriedJob,
): void {
  metrics.jobs.observe({ queue: name, outcome }, seconds);
  if (outcome === 'failed') log.error({ err: error }, 'a job failed; it is tried again as often as its queue allows');
}

async function diskOf(folder: string): Promise<{ free: number; size: number }> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { free: bavail * bsize, size: blocks * bsize };
}
