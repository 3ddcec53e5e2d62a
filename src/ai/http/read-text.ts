import type { UpstreamAnswer } from './post-json.ts';

/** Reads a whole body as text, at most `limit` bytes; the rest is not waited for. @throws ModelError */
export async function readText(answer: UpstreamAnswer, limit: number = 65_536): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of answer.pieces()) {
    pieces.push(piece);
    size += piece.byteLength;
    if (size > limit) break;
  }
  return Buffer.concat(pieces).subarray(0, limit).toString('utf8');
}
