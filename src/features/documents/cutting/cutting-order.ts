import type { Chunk } from '../../../lib/chunking/chunk-document.ts';

/** What the thread is given. */
export type CuttingOrder = { text: string; blocks: Int32Array<ArrayBuffer> };
/** What it answers: chunks without the texts that they are stretches of. */
export type Cut = Omit<Chunk, 'text'>;
