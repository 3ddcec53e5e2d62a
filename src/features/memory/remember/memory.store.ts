import { CompiledQuery, sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { EmbeddingStatus } from '../../../platform/database/schema/memory-tables.ts';

export type MemoryRole = 'user' | 'assistant' | 'system';

/** A memory as it is stored, with what it is found by. */
export type NewMemory = {
  id: string;
  spaceId: number;
  createdBy: string;
  sessionId: string | null;
  messageId: string | null;
  conversationId: string | null;
  role: MemoryRole;
  content: string;
  contentHash: Buffer;
  /** Null: every write is a memory of its own. */
  identityHash: Buffer | null;
  metadata: Record<string, unknown>;
  importance: number;
  importanceOverride: number | null;
  noise: string | null;
  language: string;
  wordCount: number;
  frequencies: ReadonlyMap<string, number>;
  createdAt: Date;
  validFrom: Date;
  version: number;
};

export type MemoryRow = {
  number: number;
  id: string;
  space_id: number;
  user_id: string | null;
  subject: string;
  created_by: string;
  session_id: string | null;
  message_id: string | null;
  conversation_id: string | null;
  role: MemoryRole;
  content: string;
  content_hash: Buffer;
  metadata: Record<string, unknown>;
  importance: number;
  importance_override: number | null;
  noise: string | null;
  embedding_status: EmbeddingStatus;
  embedder: string | null;
  embedding_error: { code: string; detail: string } | null;
  archived: boolean;
  created_at: Date;
  remembered_at: Date;
  updated_at: Date;
  valid_from: Date;
  valid_to: Date | null;
  superseded_by: string | null;
  version: number;
};

export const MEMORY_COLUMNS = sql`
  memory.number, memory.id, memory.space_id, memory_space.user_id, memory_space.subject, memory.created_by,
  memory.session_id, memory.message_id, memory.conversation_id, memory.role, memory.content, memory.content_hash,
  memory.metadata, memory.importance, memory.importance_override, memory.noise, memory.embedding_status, memory.embedder,
  memory.embedding_error, memory.archived, memory.created_at, memory.remembered_at, memory.updated_at,
  memory.valid_from, memory.valid_to, memory.superseded_by, memory.version`;

/** The space of a user's own memories, of a subject's, or of the tenant's; made when it is the first time. */
export async function ensureSpace(
  trx: TenantTransaction,
  { userId, subject }: { userId: string | null; subject: string },
): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    WITH found AS (
      SELECT id FROM memory_space WHERE user_id IS NOT DISTINCT FROM ${userId}::uuid AND subject = ${subject}
    ), made AS (
      INSERT INTO memory_space (user_id, subject)
      SELECT ${userId}::uuid, ${subject} WHERE NOT EXISTS (SELECT FROM found)
      ON CONFLICT DO NOTHING
      RETURNING id
    )
    SELECT id FROM found UNION ALL SELECT id FROM made`.execute(trx);
  // Somebody else made it between the look and the insert: now it can be seen.
  return rows[0]?.id ?? ensureSpace(trx, { userId, subject });
}

export type StoredMemory = { number: number; id: string; embedding_status: EmbeddingStatus };
/** `change_id`: of the change of the corpus that came with it. */
export type Inserted = StoredMemory & { change_id: number };
/** `embedder` is the one in use: a text that it has embedded before needs no job. */
type Insertion = { embedder: string | null; now: Date };

const INSERT_MEMORIES = `
  WITH item AS (
    SELECT * FROM json_to_recordset($1::json) AS item (
      place integer, id uuid, space_id bigint, created_by uuid, session_id uuid, message_id uuid, conversation_id text,
      role text, content text, content_hash text, identity_hash text, metadata jsonb, importance float8,
      importance_override float8, noise text, language text, word_count integer, lexemes text[], frequencies smallint[],
      created_at timestamptz, valid_from timestamptz, version integer
    )
  ), saved AS (
    INSERT INTO memory (
      id, space_id, created_by, session_id, message_id, conversation_id, role, content, content_hash, identity_hash,
      metadata, importance, importance_override, noise, language, word_count, lexemes, created_at, valid_from, version,
      embedding_status, embedder, remembered_at, updated_at
    )
    SELECT item.id, space_id, created_by, session_id, message_id, conversation_id, role, content,
      decode(item.content_hash, 'hex'), decode(identity_hash, 'hex'), metadata, importance, importance_override, noise,
      language, word_count, lexemes, item.created_at, valid_from, version,
      CASE WHEN embedding.content_hash IS NULL THEN 'pending' ELSE 'completed' END, embedding.embedder,
      $3::timestamptz, $3::timestamptz
    FROM item
    LEFT JOIN memory_embedding AS embedding
      ON embedding.embedder = $2 AND embedding.content_hash = decode(item.content_hash, 'hex')
    -- In one order for all writers: two that store the same memories then wait for each other, and never in a circle.
    ORDER BY identity_hash, place
    ON CONFLICT DO NOTHING
    RETURNING number, id, space_id, word_count, language, embedding_status
  ), posted AS (
    INSERT INTO memory_posting (space_id, memory_number, word_count, frequency, lexeme)
    SELECT saved.space_id, saved.number, saved.word_count, posting.frequency, posting.lexeme
    FROM saved
    JOIN item ON item.id = saved.id
    CROSS JOIN LATERAL unnest(item.lexemes, item.frequencies) AS posting (lexeme, frequency)
    ORDER BY posting.lexeme COLLATE "C", saved.number
  ), counted AS (
    INSERT INTO memory_corpus_change (space_id, language, memory_count, word_count)
    SELECT space_id, language, count(*), sum(word_count) FROM saved GROUP BY space_id, language
    RETURNING id
  )
  SELECT saved.number, saved.id, saved.embedding_status, (SELECT max(id) FROM counted) AS change_id FROM saved`;

/**
 * Stores memories with their postings, in one statement. What is there already, by its identity or its message, is left
 * out. Gives those that are new. Whoever runs it asks `isTimeToCompact` afterwards.
 */
export function insertion(memories: readonly NewMemory[], { embedder, now }: Insertion): CompiledQuery<Inserted> {
  const values = [JSON.stringify(memories.map(itemOf)), embedder, now];
  return CompiledQuery.raw(INSERT_MEMORIES, values) as CompiledQuery<Inserted>;
}

/** As `insertion`, in a transaction. */
export async function insertMemories(
  trx: TenantTransaction,
  memories: readonly NewMemory[],
  options: Insertion,
): Promise<StoredMemory[]> {
  const { rows } = await trx.executeQuery(insertion(memories, options));
  if (isTimeToCompact(rows)) await compactChanges(trx);
  return rows;
}

function itemOf(memory: NewMemory, place: number) {
  return {
    place,
    id: memory.id,
    space_id: memory.spaceId,
    created_by: memory.createdBy,
    session_id: memory.sessionId,
    message_id: memory.messageId,
    conversation_id: memory.conversationId,
    role: memory.role,
    content: memory.content,
    content_hash: memory.contentHash.toString('hex'),
    identity_hash: memory.identityHash?.toString('hex') ?? null,
    metadata: memory.metadata,
    importance: memory.importance,
    importance_override: memory.importanceOverride,
    noise: memory.noise,
    language: memory.language,
    word_count: memory.wordCount,
    lexemes: [...memory.frequencies.keys()],
    frequencies: [...memory.frequencies.values()],
    created_at: memory.createdAt,
    valid_from: memory.validFrom,
    version: memory.version,
  };
}

/** So many changes, about, every search of a space has to add up. */
const CHANGES_PER_COMPACTION = 64;
const COMPACTED_CHANGES = 1_000;

export function isTimeToCompact(inserted: readonly { change_id: number }[]): boolean {
  const [first] = inserted;
  return first !== undefined && first.change_id % CHANGES_PER_COMPACTION === 0;
}

export async function compactChanges(trx: TenantTransaction): Promise<void> {
  await sql`
    WITH taken AS (
      DELETE FROM memory_corpus_change
      WHERE id IN (SELECT id FROM memory_corpus_change ORDER BY id LIMIT ${COMPACTED_CHANGES} FOR UPDATE SKIP LOCKED)
      RETURNING space_id, language, memory_count, word_count
    )
    INSERT INTO memory_corpus_change (space_id, language, memory_count, word_count)
    SELECT space_id, language, sum(memory_count), sum(word_count) FROM taken
    GROUP BY space_id, language
    HAVING sum(memory_count) <> 0 OR sum(word_count) <> 0`.execute(trx);
}

export async function findMemory(trx: TenantTransaction, id: string): Promise<MemoryRow | undefined> {
  const [row] = await findMemories(trx, [id]);
  return row;
}

export async function findMemories(trx: TenantTransaction, ids: readonly string[]): Promise<MemoryRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<MemoryRow>`
    SELECT ${MEMORY_COLUMNS} FROM memory JOIN memory_space ON memory_space.id = memory.space_id
    WHERE memory.id = ANY(${ids}::uuid[])`.execute(trx);
  return rows;
}

/** The memories that are what would have been stored; each with the hash that it was found by. */
export async function findByIdentity(
  trx: TenantTransaction,
  hashes: readonly Buffer[],
): Promise<(MemoryRow & { identity_hash: Buffer })[]> {
  const { rows } = await sql<MemoryRow & { identity_hash: Buffer }>`
    SELECT ${MEMORY_COLUMNS}, memory.identity_hash
    FROM memory JOIN memory_space ON memory_space.id = memory.space_id
    WHERE memory.identity_hash = ANY(${hashes}::bytea[])`.execute(trx);
  return rows;
}

/** Locks a current version, so that two corrections of it come one after the other. */
export async function lockMemory(trx: TenantTransaction, id: string): Promise<MemoryRow | undefined> {
  const { rows } = await sql<MemoryRow>`
    SELECT ${MEMORY_COLUMNS} FROM memory JOIN memory_space ON memory_space.id = memory.space_id
    WHERE memory.id = ${id}::uuid AND memory.superseded_by IS NULL
    FOR UPDATE OF memory`.execute(trx);
  return rows[0];
}

export type MemoryChange = {
  metadata?: Record<string, unknown>;
  importance?: number;
  importanceOverride?: number | null;
};

export async function updateMemory(
  trx: TenantTransaction,
  number: number,
  change: MemoryChange,
  now: Date,
): Promise<void> {
  await trx
    .updateTable('memory')
    .set({
      ...(change.metadata !== undefined && { metadata: JSON.stringify(change.metadata) }),
      ...(change.importance !== undefined && { importance: change.importance }),
      ...(change.importanceOverride !== undefined && { importance_override: change.importanceOverride }),
      updated_at: now,
    })
    .where('number', '=', number)
    .execute();
  await noteChange(trx, [number]);
}

/** Puts a memory with all its versions into the archive, or takes it out. */
export async function setArchived(trx: TenantTransaction, id: string, archived: boolean, now: Date): Promise<void> {
  const { rows } = await sql<{ number: number }>`
    UPDATE memory SET archived = ${archived}, archived_at = ${archived ? now : null}::timestamptz,
      archive_reason = ${archived ? 'asked for' : null}::text, updated_at = ${now}
    WHERE (id = ${id}::uuid OR superseded_by = ${id}::uuid) AND archived <> ${archived}
    RETURNING number`.execute(trx);
  await noteChange(
    trx,
    rows.map(({ number }) => number),
  );
}

/** A version is in the archive as long as the one before it, and for its reason. */
export async function keepArchived(trx: TenantTransaction, before: number, next: number): Promise<void> {
  await sql`
    UPDATE memory SET archived = true, archived_at = old.archived_at, archive_reason = old.archive_reason
    FROM memory AS old WHERE old.number = ${before} AND memory.number = ${next}`.execute(trx);
}

/** What searches find has changed, though nothing came or went: a change of nothing, which makes a version of its own. */
export async function noteChange(trx: TenantTransaction, numbers: readonly number[]): Promise<void> {
  await sql`
    INSERT INTO memory_corpus_change (space_id, language, memory_count, word_count)
    SELECT DISTINCT space_id, language, 0, 0 FROM memory WHERE number = ANY(${numbers}::bigint[])`.execute(trx);
}

/** Makes the current version an older one, under an id of its own. Gives back the identity that the next one takes over. */
export async function supersede(
  trx: TenantTransaction,
  number: number,
  { ownId, at }: { ownId: string; at: Date },
): Promise<{ identity_hash: Buffer | null }> {
  const { rows } = await sql<{ identity_hash: Buffer | null }>`
    WITH before AS (SELECT identity_hash FROM memory WHERE number = ${number})
    UPDATE memory SET id = ${ownId}::uuid, superseded_by = memory.id, valid_to = greatest(${at}, valid_from),
      identity_hash = NULL, updated_at = ${at}
    FROM before
    WHERE memory.number = ${number}
    RETURNING before.identity_hash`.execute(trx);
  return { identity_hash: rows[0]?.identity_hash ?? null };
}

/** Versions of a memory before `before`, newest first, the current one included. */
export async function listVersions(
  trx: TenantTransaction,
  id: string,
  { limit, before }: { limit: number; before: number | null },
): Promise<MemoryRow[]> {
  const { rows } = await sql<MemoryRow>`
    SELECT ${MEMORY_COLUMNS} FROM memory JOIN memory_space ON memory_space.id = memory.space_id
    WHERE (memory.id = ${id}::uuid OR memory.superseded_by = ${id}::uuid)
      AND (${before}::bigint IS NULL OR memory.version < ${before}::bigint)
    ORDER BY memory.version DESC LIMIT ${limit}`.execute(trx);
  return rows;
}

export type MemoryScope = { spaceIds: readonly number[]; conversationId?: string; sessionId?: string };

/** Current memories of some spaces, newest said first, from behind `before` on. */
export async function listMemories(
  trx: TenantTransaction,
  scope: MemoryScope,
  page: { limit: number; before: { createdAt: Date; number: number } | null },
): Promise<MemoryRow[]> {
  const { before } = page;
  const { rows } = await sql<MemoryRow>`
    SELECT ${MEMORY_COLUMNS} FROM memory JOIN memory_space ON memory_space.id = memory.space_id
    WHERE memory.space_id = ANY(${scope.spaceIds}::bigint[]) AND memory.superseded_by IS NULL
      AND (${scope.conversationId ?? null}::text IS NULL OR memory.conversation_id = ${scope.conversationId ?? null})
      AND (${scope.sessionId ?? null}::uuid IS NULL OR memory.session_id = ${scope.sessionId ?? null}::uuid)
      AND (${before?.createdAt ?? null}::timestamptz IS NULL
        OR (memory.created_at, memory.number) < (${before?.createdAt ?? null}, ${before?.number ?? null}))
    ORDER BY memory.created_at DESC, memory.number DESC
    LIMIT ${page.limit}`.execute(trx);
  return rows;
}

/** Spaces that exist, of those that are named. */
export async function findSpaces(
  trx: TenantTransaction,
  owners: readonly { userId: string | null; subject: string }[],
): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    SELECT memory_space.id
    FROM unnest(${owners.map(({ userId }) => userId)}::uuid[], ${owners.map(({ subject }) => subject)}::text[])
      AS owner (user_id, subject)
    JOIN memory_space ON memory_space.user_id IS NOT DISTINCT FROM owner.user_id
      AND memory_space.subject = owner.subject`.execute(trx);
  return rows.map(({ id }) => id);
}
