import { requestErrors } from '../../../platform/http/errors.ts';
import type { Principal } from '../../identity/index.ts';
import type { MemoryView, NewMessage } from '../memory.schema.ts';
import type { MemoryRow, NewMemory, StoredMemory } from './memory.store.ts';
import { storableMetadata, storableText } from './metadata.ts';
import type { Said, Text } from './prepare.ts';

export type Remembered = { memory: MemoryView; isNew: boolean };

/** What one message of a request asks to be remembered; `place` of `count` in that request. */
export type Write = { principal: Principal; body: NewMessage; text: Text; place: number; count: number };

/** What a request says, as it is stored. The order of a batch is kept by its times, a millisecond apart. */
export function saidOf({ principal, body, text, place, count }: Write, spaceId: number, now: Date): Said {
  return {
    spaceId,
    createdBy: principal.userId,
    sessionId: body.session_id ?? null,
    messageId: null,
    conversationId: body.session_id ?? (body.conversation_id === undefined ? null : storableText(body.conversation_id)),
    role: body.role,
    content: body.content.trim(),
    text,
    metadata: storableMetadata(body.metadata ?? {}),
    importanceOverride: body.importance_override ?? null,
    saidAt: body.created_at === undefined ? null : new Date(body.created_at),
    defaultTime: new Date(now.getTime() - (count - 1 - place)),
  };
}

/** Whose memory it is. */
export type Owner = { userId: string | null; subject: string };

/** The row as it was just written, so that it need not be read. */
export function rowOf(
  memory: NewMemory,
  { number, embedding_status }: StoredMemory,
  { userId, subject }: Owner,
  now: Date,
): MemoryRow {
  return {
    number,
    id: memory.id,
    space_id: memory.spaceId,
    user_id: userId,
    subject,
    created_by: memory.createdBy,
    session_id: memory.sessionId,
    message_id: memory.messageId,
    conversation_id: memory.conversationId,
    role: memory.role,
    content: memory.content,
    content_hash: memory.contentHash,
    metadata: memory.metadata,
    importance: memory.importance,
    importance_override: memory.importanceOverride,
    noise: memory.noise,
    embedding_status,
    embedder: null,
    embedding_error: null,
    archived: false,
    created_at: memory.createdAt,
    remembered_at: now,
    updated_at: now,
    valid_from: memory.validFrom,
    valid_to: null,
    superseded_by: null,
    version: memory.version,
  };
}

export function onlyRecalled() {
  const message = 'is nothing but text that came out of memory, which is not remembered again';
  return requestErrors.invalid(`content ${message}`, { fields: [{ field: 'content', message }] });
}
