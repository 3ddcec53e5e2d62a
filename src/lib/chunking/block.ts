/** What a stretch of a document is; it decides where the stretch may be cut. */
export type BlockKind = 'heading' | 'paragraph' | 'list' | 'table' | 'code';

/** A stretch of a document's text. Blocks are in order, do not overlap, and cover all that is not white space. */
export type Block = {
  kind: BlockKind;
  /** UTF-16 offsets into the document's text, end exclusive. */
  start: number;
  end: number;
  /** Heading level, 1 to 6; 0 for every other kind. */
  level: number;
  /** Page (PDF), slide (presentations) or sheet (workbooks) number, from 1; null where the format has none. */
  page: number | null;
};

/** UTF-16 offsets into a text, end exclusive. */
export type Span = { start: number; end: number };
