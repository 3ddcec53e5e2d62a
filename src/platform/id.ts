import { v7, validate } from 'uuid';
import { someRandomBytes } from './random.ts';

const ID_BYTES = 16;

/** Of the last id: within a millisecond they are counted. */
let msecs = 0;
let seq = 0;

/** A new UUIDv7: ordered by time of creation, so that primary keys grow at one end of their index. */
export function newId(): string {
  const random = someRandomBytes(ID_BYTES);
  const now = Date.now();
  if (now > msecs) {
    msecs = now;
    // Half of the range is left to count in.
    seq = random.readUInt32BE() >>> 1;
  } else {
    seq = (seq + 1) >>> 0;
    if (seq === 0) msecs += 1;
  }
  return v7({ random, msecs, seq });
}

export function isId(value: string): boolean {
  return validate(value);
}
