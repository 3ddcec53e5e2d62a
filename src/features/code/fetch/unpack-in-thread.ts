import { Worker } from 'node:worker_threads';
import type { CodeBase } from '../analysis.ts';
import { FetchFault } from './fetch-fault.ts';
import type { Unpacked, UnpackOrder } from './unpack-order.ts';

/** Of the thread's own objects; texts and packs count by themselves. */
const MOST_HEAP_MB = 2_048;

/** `unpack` in a thread of its own, which ends when `signal` says so. @throws FetchFault; the signal's reason */
export async function unpackInThread(order: UnpackOrder, signal: AbortSignal): Promise<CodeBase> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Unpacked>();
  const worker = new Worker(new URL('./unpack-thread.ts', import.meta.url), {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: MOST_HEAP_MB },
  });
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  worker.once('message', resolve);
  worker.once('error', (error: NodeJS.ErrnoException) => reject(explained(error)));
  worker.once('exit', (code) => reject(new Error(`The thread that unpacks code ended with ${code}.`)));
  try {
    const unpacked = await promise;
    if ('fault' in unpacked) throw new FetchFault(unpacked.fault.kind, unpacked.fault.message);
    return unpacked.code;
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

function explained(error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ERR_WORKER_OUT_OF_MEMORY') return error;
  return new FetchFault('too-large', 'This code base needs more memory than it is given here.', { cause: error });
}
