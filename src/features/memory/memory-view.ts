import { embeddingFaults } from './memory.errors.ts';
import type { MemoryView } from './memory.schema.ts';
import type { MemoryRow } from './remember/memory.store.ts';

/** A memory as clients see it. `hasEmbedder`: whether a vector is to come. */
export function memoryView(row: MemoryRow, hasEmbedder: boolean): MemoryView {
  const waitsInVain = row.embedding_status === 'pending' && !hasEmbedder;
  return {
    id: row.id,
    session_id: row.session_id,
    message_id: row.message_id,
    conversation_id: row.conversation_id,
    subject: row.subject === '' ? null : row.subject,
    scope: row.user_id === null ? 'shared' : 'private',
    role: row.role,
    content: row.content,
    metadata: row.metadata,
    importance_score: row.importance,
    importance_override: row.importance_override,
    noise: row.noise,
    embedding_status: row.embedding_status,
    embedding_error: row.embedding_error ?? (waitsInVain ? embeddingFaults.noEmbedder : null),
    archived: row.archived,
    version: row.version,
    created_at: row.created_at.toISOString(),
    remembered_at: row.remembered_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    valid_from: row.valid_from.toISOString(),
    valid_to: row.valid_to?.toISOString() ?? null,
  };
}
