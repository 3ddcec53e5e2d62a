import type { ColumnType, Generated } from 'kysely';
import type { CreatedAt, DefaultedTimestamp, Json, Timestamp } from './column-types.ts';

export type SourceKind = 'folder';

export type SourceTable = {
  id: string;
  kind: SourceKind;
  name: string;
  /** A folder's absolute path. */
  location: string;
  created_by: string | null;
  synchronized_at: Timestamp | null;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

/** `receiving` is still being uploaded and seen by nobody; `deleting` is gone for everybody, and a job removes what is left. */
export type DocumentStatus = 'receiving' | 'queued' | 'processing' | 'ready' | 'failed' | 'deleting';

export type DocumentTable = {
  id: string;
  source_id: string | null;
  /** Where in its source; null for uploads. */
  path: string | null;
  title: string;
  filename: string | null;
  content_type: string;
  size_bytes: number;
  /** SHA-256 of the original, hex. */
  content_hash: string;
  /** The stemmer that its words went through; null before the first try. */
  language: string | null;
  status: DocumentStatus;
  /** 0 to 1. */
  progress: Generated<number>;
  error: Json<{ code: string; detail: string }> | null;
  warnings: ColumnType<string[], string | undefined, string>;
  /** Counts every try; a write with an older attempt is refused (fencing). */
  attempt: Generated<number>;
  /** Tries since somebody asked for it. */
  tries: Generated<number>;
  /** The older version, which goes in the moment that this one is ready. */
  replaces: string | null;
  chunk_count: Generated<number>;
  page_count: number | null;
  text_length: number | null;
  /** All its chunks have numbers in this range; others may have numbers in it, too. */
  first_chunk: number | null;
  last_chunk: number | null;
  metadata: ColumnType<Record<string, unknown>, string | undefined, string>;
  created_by: string | null;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

/** The original, in parts of at most 1 MiB. */
export type DocumentFileTable = { document_id: string; part: number; bytes: Buffer };

/** The extracted text, in stretches; offsets are UTF-16. */
export type DocumentTextTable = { document_id: string; start_offset: number; text: string };

export type ChunkTable = {
  /** Dense and rising, for the inverted index; `id` is for everybody else. */
  number: Generated<number>;
  id: string;
  document_id: string;
  index: number;
  start_offset: number;
  end_offset: number;
  heading_path: string[];
  page_start: number | null;
  page_end: number | null;
  text: string;
  /** SHA-256 of what is embedded: title, headings and text. */
  content_hash: Buffer;
  word_count: number;
};

export type PostingTable = { chunk_number: number; word_count: number; frequency: number; lexeme: string };

/** What is in `posting`, as changes to add up. */
export type CorpusChangeTable = { id: Generated<number>; language: string; chunk_count: number; word_count: number };

/** `vector` is written and read as text: `[1,2,3]`. */
export type EmbeddingTable = { embedder: string; content_hash: Buffer; vector: string };

/** A file of one session, found by no search. `expected` is announced, but its bytes have not come. */
export type AttachmentTable = {
  id: string;
  user_id: string;
  /** Null until a message carries it. */
  session_id: string | null;
  name: string;
  content_type: string;
  size_bytes: number;
  status: 'expected' | 'ready';
  /** Why its text could not be read. */
  fault: Json<{ code: string; detail: string }> | null;
  created_at: CreatedAt;
};

export type AttachmentFileTable = { attachment_id: string; part: number; bytes: Buffer };

export type AttachmentChunkTable = {
  id: string;
  attachment_id: string;
  index: number;
  start_offset: number;
  heading_path: string[];
  page: number | null;
  text: string;
};
