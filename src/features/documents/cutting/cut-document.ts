import { Worker } from 'node:worker_threads';
import type { Block } from '../../../lib/chunking/block.ts';
import { type Chunk, chunkDocument } from '../../../lib/chunking/chunk-document.ts';
import { packBlocks } from '../extraction/process/messages.ts';
import type { Cut, CuttingOrder } from './cutting-order.ts';

/** Characters that are cut here and now: up to 30 ms. A paragraph of 50 MB takes 14 s, as long as a thread is not asked. */
const SMALL_CHARACTERS = 100_000;

/** The chunks of a document; a large one is cut in a thread of its own, since everybody would wait for it.
 * @throws the signal's reason */
export async function cutDocument(
  document: { readonly text: string; readonly blocks: readonly Block[] },
  signal: AbortSignal,
): Promise<Chunk[]> {
  const { text, blocks } = document;
  if (text.length <= SMALL_CHARACTERS) return chunkDocument(document);
  signal.throwIfAborted();
  const cuts = await inThread({ text, blocks: packBlocks(blocks) }, signal);
  return cuts.map((cut) => ({ ...cut, text: text.slice(cut.start, cut.end) }));
}

async function inThread(order: CuttingOrder, signal: AbortSignal): Promise<Cut[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Cut[]>();
  const worker = new Worker(new URL('./cutting-thread.ts', import.meta.url), {
    workerData: order,
    transferList: [order.blocks.buffer],
  });
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', (code) => reject(new Error(`The thread that cuts documents ended with ${code}.`)));
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
