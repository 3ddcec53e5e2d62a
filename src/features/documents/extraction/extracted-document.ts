import type { Block } from '../../../lib/chunking/block.ts';

/** What text extraction gives, whatever the format was. */
export type ExtractedDocument = {
  /**
   * The document's text: NFC, `\n` line ends, no NUL or other control character but tab, no lone surrogate.
   * Blocks are parted by an empty line. Citations' spans are offsets into it.
   */
  text: string;
  blocks: readonly Block[];
  /** From the file's own properties or its first heading of level 1; null where there is none. */
  title: string | null;
  /** Pages, slides or sheets; null where the format has none. */
  pageCount: number | null;
  /** What was read, for example "pdf" or "docx": decided by the content, whatever the name said. */
  format: string;
  /** Sentences for a person, for example "Page 3 could not be read." */
  warnings: readonly string[];
};

export type ExtractionFailure =
  | 'unsupported-type'
  | 'password-protected'
  | 'damaged'
  | 'empty'
  | 'too-large'
  | 'timeout'
  | 'out-of-memory';

/** `detail` tells a person what is wrong and what to do; it holds no path, stack or library's message. */
export type ExtractionResult =
  | { ok: true; document: ExtractedDocument }
  | { ok: false; failure: ExtractionFailure; detail: string };

export type ExtractionInput = {
  bytes: Uint8Array;
  /** The name that the uploader gave; a hint only, never a path to read. */
  filename: string | null;
  /** The media type that the uploader declared; a hint only. */
  declaredType: string | null;
};

export type ExtractionLimits = {
  /** Milliseconds for one file, from its hand-over to the reading process. */
  timeoutMs: number;
  /** Resident bytes of the reading process, at which it is killed. */
  memoryBytes: number;
  /** UTF-16 units of text that one document may give. */
  maxCharacters: number;
  /** Bytes that an archive (DOCX, EPUB, …) may unpack to, all parts together. */
  maxUnpackedBytes: number;
};

/** Plain text of the largest upload (50 MiB) fits; anything that unpacks to more is not read whole by anyone. */
export const DEFAULT_LIMITS: ExtractionLimits = {
  timeoutMs: 60_000,
  memoryBytes: 1024 ** 3,
  maxCharacters: 56 * 1024 ** 2,
  maxUnpackedBytes: 256 * 1024 ** 2,
};
