import { damaged, FetchFault } from '../fetch-fault.ts';

/** The framing of git's protocol: four hexadecimal digits of length, then the bytes.
 * https://git-scm.com/docs/gitprotocol-common */

export type Line = { kind: 'line'; bytes: Buffer };
export type Packet = { kind: 'flush' | 'delimiter' | 'end' } | Line;

export const FLUSH = '0000';
export const DELIMITER = '0001';

const HEAD = 4;
const WHAT = 'The answer of the git server';
const SPECIAL = ['flush', 'delimiter', 'end'] as const;

export function packetLine(text: string): string {
  return (Buffer.byteLength(text) + HEAD).toString(16).padStart(HEAD, '0') + text;
}

/** The packets of a stream, as they arrive. @throws FetchFault where it ends in the middle of one, or is no such stream */
export async function* readPackets(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Packet> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const piece of stream) {
    pending = pending.length === 0 ? Buffer.from(piece) : Buffer.concat([pending, piece]);
    for (let length = lengthOf(pending); length !== null && length <= pending.length; length = lengthOf(pending)) {
      const special = SPECIAL[length];
      const end = special ? HEAD : length;
      yield special ? { kind: special } : { kind: 'line', bytes: pending.subarray(HEAD, end) };
      pending = pending.subarray(end);
    }
  }
  if (pending.length > 0) throw damaged(WHAT);
}

function lengthOf(bytes: Buffer): number | null {
  if (bytes.length < HEAD) return null;
  const digits = bytes.toString('latin1', 0, HEAD);
  const length = /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : SPECIAL.length;
  if (length === SPECIAL.length) throw notGit();
  return length;
}

export function notGit(): FetchFault {
  return new FetchFault('no-git', 'What answers at this address is not a git repository.');
}

export function textOf({ bytes }: Line): string {
  return bytes.toString('utf8').replace(/\n$/, '');
}
