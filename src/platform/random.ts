import { randomFillSync } from 'node:crypto';

/** Some hundred requests' worth: asking the system each time costs more than all else of an id. */
const POOL_BYTES = 8_192;

const pool = Buffer.allocUnsafe(POOL_BYTES);
let used = POOL_BYTES;

/** Random bytes of good quality, for ids. Each is given out once; read them before the next call, which may fill the pool
 * anew. At most 8,192. */
export function someRandomBytes(count: number): Buffer {
  if (used + count > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return pool.subarray(used - count, used);
}
