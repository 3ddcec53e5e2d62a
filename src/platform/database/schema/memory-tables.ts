import type { ColumnType, Generated } from 'kysely';
import type { CreatedAt, DefaultedTimestamp, Json, Timestamp } from './column-types.ts';

/** Whose memories: a user's own (`subject` empty), an end user's of a user's program, or the tenant's (no user). */
export type MemorySpaceTable = {
  id: Generated<number>;
  user_id: string | null;
  subject: string;
  created_at: CreatedAt;
};

export type EmbeddingStatus = 'pending' | 'completed' | 'failed';

export type MemoryTable = {
  /** Dense and rising, for the inverted index; `id` is for everybody else. */
  number: Generated<number>;
  id: string;
  space_id: number;
  created_by: string;
  session_id: string | null;
  message_id: string | null;
  conversation_id: string | null;
  role: 'user' | 'assistant' | 'system';
  content: string;
  /** SHA-256 of what is embedded. */
  content_hash: Buffer;
  /** Null in older versions. */
  identity_hash: Buffer | null;
  metadata: ColumnType<Record<string, unknown>, string | undefined, string>;
  /** 0 to 1, as it was when it was written. */
  importance: number;
  importance_override: number | null;
  /** Why it is never put before a model; null for what may be. */
  noise: string | null;
  language: string;
  word_count: number;
  /** Of its postings. */
  lexemes: string[];
  embedding_status: Generated<EmbeddingStatus>;
  embedder: string | null;
  embedding_attempts: Generated<number>;
  embedding_error: Json<{ code: string; detail: string }> | null;
  archived: Generated<boolean>;
  archived_at: Timestamp | null;
  archive_reason: string | null;
  /** When it was said. */
  created_at: Timestamp;
  /** When we learned of it. */
  remembered_at: DefaultedTimestamp;
  updated_at: DefaultedTimestamp;
  valid_from: Timestamp;
  valid_to: Timestamp | null;
  /** In an older version: the id that the current one has. */
  superseded_by: string | null;
  version: Generated<number>;
};

export type MemoryPostingTable = {
  space_id: number;
  memory_number: number;
  word_count: number;
  frequency: number;
  lexeme: string;
};

/** What is in `memory_posting`, as changes to add up. */
export type MemoryCorpusChangeTable = {
  id: Generated<number>;
  space_id: number;
  language: string;
  memory_count: number;
  word_count: number;
};

export type MemoryEmbeddingTable = { embedder: string; content_hash: Buffer; vector: string; created_at: CreatedAt };

export type FactOrigin = 'rule' | 'model' | 'person';

export type MemoryFactTable = {
  id: string;
  space_id: number;
  subject: string;
  attribute: string;
  value: string;
  value_key: string;
  is_single: boolean;
  valid_from: Timestamp;
  valid_to: Timestamp | null;
  superseded_by: string | null;
  origin: FactOrigin;
  memory_number: number | null;
  quote: string | null;
  created_at: CreatedAt;
};

/** Messages that a model is still to read facts from. */
export type MemoryFactReadingTable = {
  memory_number: number;
  attempts: Generated<number>;
  claimed_until: Timestamp | null;
  created_at: CreatedAt;
};
