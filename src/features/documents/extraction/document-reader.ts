import type { ExtractionLimits } from './extracted-document.ts';
import type { DocumentWriter } from './writing/document-writer.ts';

export type ReadContext = {
  bytes: Uint8Array;
  filename: string | null;
  /** From the declared media type; a hint. */
  charset: string | null;
  limits: ExtractionLimits;
  /** Reads a file inside the file (an attachment) into the same document. */
  readNested(file: NestedFile): Promise<void>;
};

export type NestedFile = { name: string; declaredType: string | null; bytes: Uint8Array };

/** Reads one format. Throws ExtractionError where nothing can be read; warns where a part cannot. */
export type DocumentReader = (context: ReadContext, writer: DocumentWriter) => void | Promise<void>;
