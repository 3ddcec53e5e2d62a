import { damaged, tooLarge } from '../fetch-fault.ts';

const WHAT = 'What the git server sent';
const MOST_BYTES = 256 * 1024 * 1024;
/** What a length of 0 in a copy means. */
const WHOLE_COPY = 0x10000;

/** An object made of another one. https://git-scm.com/docs/pack-format#_deltified_representation @throws FetchFault */
export function applyDelta(base: Buffer, delta: Buffer): Buffer {
  let at = 0;
  const next = (): number => {
    const byte = delta[at++];
    if (byte === undefined) throw damaged(WHAT);
    return byte;
  };
  const size = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = next();
      value += (byte & 127) * factor;
      if (value > MOST_BYTES) throw tooLarge('A file of this repository', MOST_BYTES);
      if (byte < 128) return value;
    }
  };
  const number = (bits: number, bytes: number): number => {
    let value = 0;
    for (let index = 0; index < bytes; index += 1) if (bits & (1 << index)) value += next() * 2 ** (8 * index);
    return value;
  };
  if (size() !== base.length) throw damaged(WHAT);
  const result = Buffer.alloc(size());
  let filled = 0;
  const add = (from: Buffer, start: number, length: number): void => {
    if (length === 0 || start + length > from.length || filled + length > result.length) throw damaged(WHAT);
    from.copy(result, filled, start, start + length);
    filled += length;
  };
  while (at < delta.length) {
    const order = next();
    if (order & 128) {
      const start = number(order, 4);
      add(base, start, number(order >> 4, 3) || WHOLE_COPY);
    } else {
      add(delta, at, order);
      at += order;
    }
  }
  if (filled !== result.length) throw damaged(WHAT);
  return result;
}
