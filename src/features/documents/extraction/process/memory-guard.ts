/**
 * A thread beside the one that reads: ends the whole process when it holds too much memory, buffers outside of V8's
 * heap included, or when the process that started it is gone.
 */
import { workerData } from 'node:worker_threads';

const { memoryBytes, parent } = workerData as { memoryBytes: number; parent: number };

/** At a gigabyte a second, the most that a loop allocates, it overshoots by 25 MB. */
const INTERVAL_MS = 25;

setInterval(() => {
  if (process.memoryUsage.rss() > memoryBytes || process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, INTERVAL_MS);
