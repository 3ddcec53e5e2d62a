import type { Block, BlockKind } from '../../../../lib/chunking/block.ts';
import type { ExtractedDocument, ExtractionInput, ExtractionLimits, ExtractionResult } from '../extracted-document.ts';

/** What the reading process is sent, one at a time. */
export type ReadRequest = { input: ExtractionInput; limits: ExtractionLimits };

/** A document on its way: half a million blocks as one array of numbers, not as half a million objects. */
export type ReadReply =
  | { ok: true; document: Omit<ExtractedDocument, 'blocks'>; blocks: Int32Array }
  | Extract<ExtractionResult, { ok: false }>;

export type ProcessMessage =
  | { kind: 'ready' }
  /** With the memory that the process holds afterwards, garbage included. */
  | { kind: 'reply'; reply: ReadReply; residentBytes: number };

const KINDS: readonly BlockKind[] = ['heading', 'paragraph', 'list', 'table', 'code'];
const FIELDS = 5;
const NO_PAGE = -1;

export function packReply({ blocks, ...document }: ExtractedDocument): ReadReply {
  return { ok: true, document, blocks: packBlocks(blocks) };
}

export function unpackReply(reply: ReadReply): ExtractionResult {
  if (!reply.ok) return reply;
  return { ok: true, document: { ...reply.document, blocks: unpackBlocks(reply.blocks) } };
}

export function packBlocks(blocks: readonly Block[]): Int32Array<ArrayBuffer> {
  const packed = new Int32Array(blocks.length * FIELDS);
  for (const [index, { kind, start, end, level, page }] of blocks.entries()) {
    packed.set([KINDS.indexOf(kind), start, end, level, page ?? NO_PAGE], index * FIELDS);
  }
  return packed;
}

export function unpackBlocks(packed: Int32Array): Block[] {
  return Array.from({ length: packed.length / FIELDS }, (_, index) => {
    const [kind = 1, start = 0, end = 0, level = 0, page = NO_PAGE] = packed.subarray(
      index * FIELDS,
      (index + 1) * FIELDS,
    );
    return { kind: KINDS[kind] ?? 'paragraph', start, end, level, page: page === NO_PAGE ? null : page };
  });
}
