/** What text extraction gives, whatever the format was. */

export type BlockKind = 'heading' | 'paragraph' | 'list' | 'table' | 'code';

/** A stretch of the document's text. Blocks are in order, do not overlap, and cover all that is not white space. */
export type Block = {
  kind: BlockKind;
  /** UTF-16 offsets into `ExtractedDocument.text`, end exclusive. */
  start: number;
  end: number;
  /** Heading level, 1 to 6; 0 for every other kind. */
  level: number;
  /** Page (PDF), slide (PPTX) or sheet (XLSX) number, from 1; null where the format has none. */
  page: number | null;
};

export type ExtractedDocument = {
  /** The document's text, normalised to NFC and `\n`, without NUL; citations' spans are offsets into it. */
  text: string;
  blocks: readonly Block[];
  /** From the file's own properties or its first heading; null where there is none. */
  title: string | null;
  pageCount: number | null;
  /** Things a person should know, for example "page 3 could not be read". */
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

export type ExtractionResult =
  | { ok: true; document: ExtractedDocument }
  | { ok: false; failure: ExtractionFailure; detail: string };
