import { parentPort, workerData } from 'node:worker_threads';
import { chunkDocument } from '../../../lib/chunking/chunk-document.ts';
import { unpackBlocks } from '../extraction/process/messages.ts';
import type { CuttingOrder } from './cutting-order.ts';

const { text, blocks } = workerData as CuttingOrder;
parentPort?.postMessage(chunkDocument({ text, blocks: unpackBlocks(blocks) }).map(({ text: _, ...cut }) => cut));
