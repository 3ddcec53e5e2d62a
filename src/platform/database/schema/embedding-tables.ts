import type { Generated } from 'kysely';
import type { CreatedAt, Json, Timestamp } from './column-types.ts';

export type EmbeddedAreaName = 'documents' | 'memory';

/** Which embedder's vectors a tenant's searches use. */
export type EmbeddingIndexTable = {
  tenant_id: string;
  area: EmbeddedAreaName;
  serving: string;
  previous: string | null;
  pinned: boolean;
  switched_at: Timestamp;
};

/** How it goes with the vectors of one embedder. */
export type EmbeddingBackfillTable = {
  tenant_id: string;
  area: EmbeddedAreaName;
  embedder: string;
  faults: Generated<number>;
  error: Json<{ code: string; detail: string }> | null;
  completed_at: Timestamp | null;
  updated_at: Timestamp;
};

/** A text that an embedder does not take. */
export type EmbeddingRefusalTable = {
  area: EmbeddedAreaName;
  embedder: string;
  content_hash: Buffer;
  created_at: CreatedAt;
};
