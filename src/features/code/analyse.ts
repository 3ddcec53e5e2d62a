import { Worker } from 'node:worker_threads';
import type { Analysis, AnalysisLimits, AnalysisOptions, CodeBase } from './analysis.ts';
import { type AnalysisOrder, byPath } from './thread/order.ts';

export const DEFAULT_LIMITS: AnalysisLimits = {
  parsedBytes: 1_000_000,
  timeMs: 600_000,
  fileTimeMs: 60_000,
  memoryMb: 1_024,
  findingsPerRule: 200,
};

/** How often is looked how far the thread is, in ms. */
const LOOK_EVERY_MS = 200;
/** A code base with more files that end the thread is made to do so. */
const MOST_BROKEN = 5;

/** The code base is more than the limits allow. */
export class AnalysisLimitError extends Error {
  override readonly name = 'AnalysisLimitError';
}

/**
 * Measures and judges a code base in a thread of its own, which ends with the signal. A file that hangs or breaks the thread is
 * listed in `metrics.failed`, and the rest is done without it. The same code base gives the same analysis, in whatever order
 * its files come.
 * @throws the signal's reason; AnalysisLimitError
 */
export async function analyse(code: CodeBase, options: AnalysisOptions): Promise<Analysis> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const deadline = AbortSignal.timeout(limits.timeMs);
  const files = byPath(code.files);
  const broken: { path: string; reason: string }[] = [];
  for (;;) {
    const progress = new SharedArrayBuffer(4);
    const outcome = await inThread({ code, limits, broken, progress }, files.length, options, deadline);
    if ('analysis' in outcome) return outcome.analysis;
    const file = files[outcome.at];
    if (!file || broken.length === MOST_BROKEN) {
      throw new AnalysisLimitError(
        `The analysis ${outcome.reason}. Analyse a part of the code base, or raise its limits.`,
      );
    }
    broken.push({ path: file.path, reason: outcome.reason });
  }
}

/** `at`: the file that the thread was at when it ended. */
type Outcome = { readonly analysis: Analysis } | { readonly at: number; readonly reason: string };

async function inThread(
  order: AnalysisOrder,
  of: number,
  { signal, onProgress }: AnalysisOptions,
  deadline: AbortSignal,
): Promise<Outcome> {
  signal.throwIfAborted();
  const place = new Int32Array(order.progress);
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const worker = new Worker(new URL('./thread/main.ts', import.meta.url), {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: order.limits.memoryMb },
  });
  const stop = () => reject(signal.reason);
  const late = () =>
    reject(
      new AnalysisLimitError(`The analysis took more than ${order.limits.timeMs} ms. Analyse a part of the code base.`),
    );
  signal.addEventListener('abort', stop, { once: true });
  deadline.addEventListener('abort', late, { once: true });
  if (deadline.aborted) late();
  const ended = (reason: string) => resolve({ at: Atomics.load(place, 0), reason });
  const watch = watchProgress(place, of, order.limits.fileTimeMs, onProgress, () => ended('took too long at a file'));
  worker.once('message', (analysis: Analysis) => resolve({ analysis }));
  worker.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') ended(`needed more than ${order.limits.memoryMb} MB`);
    else reject(error);
  });
  worker.once('exit', () => ended('ended its thread'));
  try {
    return await promise;
  } finally {
    clearInterval(watch);
    signal.removeEventListener('abort', stop);
    deadline.removeEventListener('abort', late);
    await worker.terminate();
  }
}

function watchProgress(
  place: Int32Array,
  of: number,
  fileTimeMs: number,
  onProgress: AnalysisOptions['onProgress'],
  onHang: () => void,
): NodeJS.Timeout {
  let last = -1;
  let looks = 0;
  return setInterval(() => {
    const at = Atomics.load(place, 0);
    looks = at === last ? looks + 1 : 0;
    if (at !== last) onProgress?.(at, of);
    last = at;
    // What comes behind the files is bounded by the time for all.
    if (at < of && looks * LOOK_EVERY_MS > fileTimeMs) onHang();
  }, LOOK_EVERY_MS);
}
