import { createHash } from 'node:crypto';
import { documentErrors } from './documents.errors.ts';
import type { ReceivedFile } from './documents.store.ts';
import type { InTenant } from './ingestion/ingestion.types.ts';
import { insertPart, PART_BYTES } from './original.store.ts';

export type ReceivingOptions = { documentId: string; filename: string; maxBytes: number };

const MEBIBYTE = 1024 * 1024;

/**
 * Stores a stream of bytes as a document's original, part by part, a transaction each: however slow the sender is, no
 * transaction waits for it, and no more than a part is in memory.
 * @throws ApiError ERR_DOCUMENT_006, ERR_DOCUMENT_012
 */
export async function receiveOriginal(
  inTenant: InTenant,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { documentId, filename, maxBytes }: ReceivingOptions,
): Promise<ReceivedFile> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let part = 0;
  for await (const block of partsOf(bytes)) {
    sizeBytes += block.length;
    if (sizeBytes > maxBytes) {
      throw documentErrors.fileTooLarge(`The file ${filename} is larger than ${Math.floor(maxBytes / MEBIBYTE)} MiB.`);
    }
    hash.update(block);
    const index = part++;
    await inTenant((trx) => insertPart(trx, documentId, index, block));
  }
  if (sizeBytes === 0) throw documentErrors.emptyFile(`The file ${filename} is empty.`);
  return { sizeBytes, contentHash: hash.digest('hex') };
}

async function* partsOf(bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Buffer> {
  let pending: Uint8Array[] = [];
  let size = 0;
  for await (const block of bytes) {
    pending.push(block);
    size += block.length;
    if (size < PART_BYTES) continue;
    const joined = Buffer.concat(pending);
    let start = 0;
    for (; joined.length - start >= PART_BYTES; start += PART_BYTES) yield joined.subarray(start, start + PART_BYTES);
    pending = start < joined.length ? [joined.subarray(start)] : [];
    size = joined.length - start;
  }
  if (size > 0) yield Buffer.concat(pending);
}
