import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { SealBrokenError, type SecretBox } from './secret-box.ts';

/**
 * Bytes of any length under a key of their own, which the installation's key seals: the start of the file is `PSS1`, the length
 * of the sealed key (2 bytes) and the sealed key. Then frames: 4 bytes of length (the highest bit marks the last), the text under
 * AES-256-GCM, 16 bytes of tag. A frame's nonce is its number, so that none can be left out, repeated or moved.
 */
const MAGIC = Buffer.from('PSS1');
const CIPHER = 'aes-256-gcm';
const FRAME_BYTES = 256 * 1024;
const TAG_BYTES = 16;
const LAST = 0x8000_0000;

/** Seals bytes as they come. `context` as in `SecretBox.seal`. */
export async function* sealStream(
  box: SecretBox,
  context: string,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  const key = randomBytes(32);
  const sealedKey = box.seal(key.toString('base64'), context);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(sealedKey.length);
  yield Buffer.concat([MAGIC, length, sealedKey]);
  let number = 0;
  for await (const [text, isLast] of frames(source)) yield sealFrame(key, number++, text, isLast);
}

/** @throws SealBrokenError where a key is missing, or anything was changed or cut off */
export async function* openStream(
  box: SecretBox,
  context: string,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  const reader = new ExactReader(source);
  if (!(await reader.take(MAGIC.length)).equals(MAGIC))
    throw new SealBrokenError('This is nothing that was sealed here.');
  const key = Buffer.from(box.open(await reader.take((await reader.take(2)).readUInt16BE()), context), 'base64');
  for (let number = 0; ; number += 1) {
    const head = (await reader.take(4)).readUInt32BE();
    const isLast = head >= LAST;
    const length = isLast ? head - LAST : head;
    if (length > FRAME_BYTES) throw new SealBrokenError('This was changed.');
    yield openFrame(key, number, await reader.take(length + TAG_BYTES), isLast);
    if (isLast) return;
  }
}

/** Pieces of one size, and whether nothing follows. */
async function* frames(source: AsyncIterable<Uint8Array>): AsyncGenerator<[Buffer, boolean]> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const bytes of source) {
    held.push(Buffer.from(bytes));
    size += bytes.length;
    if (size <= FRAME_BYTES) continue;
    let all = Buffer.concat(held);
    for (; all.length > FRAME_BYTES; all = all.subarray(FRAME_BYTES)) yield [all.subarray(0, FRAME_BYTES), false];
    held = [all];
    size = all.length;
  }
  yield [Buffer.concat(held), true];
}

function parameters(number: number, isLast: boolean): { nonce: Buffer; mark: Buffer } {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(number), 4);
  return { nonce, mark: Buffer.of(isLast ? 1 : 0) };
}

function sealFrame(key: Buffer, number: number, text: Buffer, isLast: boolean): Buffer {
  const { nonce, mark } = parameters(number, isLast);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(mark);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(isLast ? LAST + text.length : text.length);
  return Buffer.concat([head, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

function openFrame(key: Buffer, number: number, sealed: Buffer, isLast: boolean): Buffer {
  const { nonce, mark } = parameters(number, isLast);
  const textBytes = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(mark).setAuthTag(sealed.subarray(textBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, textBytes)), decipher.final()]);
  } catch (error) {
    throw new SealBrokenError('This was changed.', { cause: error });
  }
}

class ExactReader {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #held = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Buffer> {
    const pieces = [this.#held];
    let size = this.#held.length;
    while (size < length) {
      const { done, value } = await this.#iterator.next();
      if (done) throw new SealBrokenError('This is cut off.');
      pieces.push(Buffer.from(value));
      size += value.length;
    }
    const all = pieces.length === 1 ? this.#held : Buffer.concat(pieces);
    this.#held = all.subarray(length);
    return all.subarray(0, length);
  }
}
