import { parentPort, workerData } from 'node:worker_threads';
import { FetchFault } from './fetch-fault.ts';
import { unpack } from './unpack.ts';
import type { Unpacked, UnpackOrder } from './unpack-order.ts';

parentPort?.postMessage(answer(workerData as UnpackOrder));

function answer(order: UnpackOrder): Unpacked {
  try {
    return { code: unpack(order) };
  } catch (error) {
    // Errors lose their class on the way.
    if (error instanceof FetchFault) return { fault: { kind: error.kind, message: error.message } };
    throw error;
  }
}
