import { type RawBuilder, sql } from 'kysely';
import { B, K1, type PlannedTerm, type TermCount } from '../../../lib/words/bm25.ts';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { findByKeys } from '../../../platform/database/find-by-keys.ts';
import { vectorText } from '../../../platform/database/vector-text.ts';
import { isOnCurrentBranch, matchesFilter, type RecallFilter } from './filter.store.ts';

export type SpaceShare = {
  space_id: number;
  language: string;
  memories: number;
  words: number;
  first: number;
  last: number;
  /** Another one whenever something in them came, went or changed. */
  version: string;
};

/** What the spaces hold now, by language; nothing for spaces that are empty or do not exist. */
export async function readSpaces(
  trx: TenantTransaction,
  owners: readonly { userId: string | null; subject: string }[],
): Promise<SpaceShare[]> {
  const { rows } = await sql<SpaceShare>`
    SELECT change.space_id, change.language, sum(change.memory_count) AS memories, sum(change.word_count) AS words,
      (SELECT min(number) FROM memory) AS first, (SELECT max(number) FROM memory) AS last,
      md5(string_agg(change.id::text, ' ' ORDER BY change.id)) AS version
    FROM unnest(${owners.map(({ userId }) => userId)}::uuid[], ${owners.map(({ subject }) => subject)}::text[])
      AS owner (user_id, subject)
    JOIN memory_space ON memory_space.user_id IS NOT DISTINCT FROM owner.user_id
      AND memory_space.subject = owner.subject
    JOIN memory_corpus_change AS change ON change.space_id = memory_space.id
    GROUP BY change.space_id, change.language
    HAVING sum(change.memory_count) > 0
    ORDER BY memories DESC, change.space_id, change.language`.execute(trx);
  return rows;
}

/** Counts the memories with each lexeme, up to `limit` of each in each space. */
export async function countTerms(
  trx: TenantTransaction,
  spaceIds: readonly number[],
  lexemes: readonly string[],
  limit: number,
): Promise<TermCount[]> {
  const { rows } = await sql<TermCount>`
    SELECT term.lexeme, sum(counted.found)::bigint AS found, min(counted.oldest) AS oldest, max(counted.newest) AS newest
    FROM unnest(${lexemes}::text[]) AS term (lexeme)
    CROSS JOIN unnest(${spaceIds}::bigint[]) AS space (id)
    CROSS JOIN LATERAL (
      SELECT count(*) AS found, min(memory_number) AS oldest, max(memory_number) AS newest
      FROM (
        SELECT memory_number FROM memory_posting
        WHERE space_id = space.id AND lexeme = term.lexeme
        ORDER BY memory_number DESC
        LIMIT ${limit}
      ) AS newest_first
    ) AS counted
    WHERE counted.found > 0
    GROUP BY term.lexeme`.execute(trx);
  return rows;
}

/** Numbers of the best memories by BM25, best first. `candidates`: how many were scored; as many as the pool: there may be more. */
export async function scoreByWords(
  trx: TenantTransaction,
  terms: readonly PlannedTerm[],
  query: {
    spaceIds: readonly number[];
    averageWords: number;
    filter: RecallFilter;
    limits: { scan: number; pool: number; hits: number };
  },
): Promise<{ numbers: number[]; candidates: number }> {
  const { spaceIds, averageWords, filter, limits } = query;
  const { rows } = await sql<{ number: number | null; candidates: number }>`
    WITH candidate AS MATERIALIZED (
      SELECT posting.memory_number, sum(
        term.idf * posting.frequency * ${K1 + 1}::float8
        / (posting.frequency + ${K1}::float8 * (${1 - B}::float8 + ${B / averageWords}::float8 * posting.word_count))
      ) AS score
      FROM unnest(
        ${terms.map(({ lexeme }) => lexeme)}::text[],
        ${terms.map(({ idf }) => idf)}::float8[]
      ) AS term (lexeme, idf)
      CROSS JOIN unnest(${spaceIds}::bigint[]) AS space (id)
      CROSS JOIN LATERAL (
        SELECT memory_number, frequency, word_count FROM memory_posting
        WHERE space_id = space.id AND lexeme = term.lexeme
        ORDER BY memory_number DESC
        LIMIT ${limits.scan}
      ) AS posting
      GROUP BY posting.memory_number
      ORDER BY score DESC, posting.memory_number DESC
      LIMIT ${limits.pool}
    )
    SELECT hit.number, pool.candidates
    FROM (SELECT count(*) AS candidates FROM candidate) AS pool
    LEFT JOIN (
      SELECT memory.number, candidate.score
      FROM candidate
      JOIN memory ON memory.number = candidate.memory_number
      WHERE ${matchesFilter(filter)}
      ORDER BY candidate.score DESC, memory.number DESC
      LIMIT ${limits.hits}
    ) AS hit ON true
    ORDER BY hit.score DESC, hit.number DESC`.execute(trx);
  return { numbers: rows.flatMap(({ number }) => number ?? []), candidates: rows[0]?.candidates ?? 0 };
}

/** Numbers of the memories whose words are nearest to a vector: all of the spaces are compared, exactly. */
export async function scoreByMeaning(
  trx: TenantTransaction,
  { embedder, vector }: { embedder: string; vector: readonly number[] },
  { spaceIds, filter, hits }: { spaceIds: readonly number[]; filter: RecallFilter; hits: number },
): Promise<{ number: number; cosine: number }[]> {
  const near = vectorText(vector);
  const { rows } = await sql<{ number: number; cosine: number }>`
    SELECT memory.number, 1 - (embedding.vector <=> ${near}::vector) AS cosine
    FROM memory
    JOIN memory_embedding AS embedding ON embedding.content_hash = memory.content_hash
      AND embedding.embedder = ${embedder} AND vector_dims(embedding.vector) = ${vector.length}
    WHERE memory.space_id = ANY(${spaceIds}::bigint[]) AND ${matchesFilter(filter)}
    ORDER BY embedding.vector <=> ${near}::vector, memory.number DESC
    LIMIT ${hits}`.execute(trx);
  return rows;
}

/** The newest of what was said in a stretch of time. */
export async function newestNumbers(
  trx: TenantTransaction,
  { spaceIds, filter, hits }: { spaceIds: readonly number[]; filter: RecallFilter; hits: number },
): Promise<number[]> {
  const { rows } = await sql<{ number: number }>`
    SELECT memory.number FROM memory
    WHERE memory.space_id = ANY(${spaceIds}::bigint[]) AND ${matchesFilter(filter)}
    ORDER BY memory.created_at DESC, memory.number DESC
    LIMIT ${hits}`.execute(trx);
  return rows.map(({ number }) => number);
}

export type CandidateRow = {
  number: number;
  role: string;
  importance: number;
  created_at: Date;
  word_count: number;
  /** Places in the list of lexemes, with how often each occurs. */
  places: number[];
  frequencies: number[];
  /** The turns of its conversation just before and after it. */
  before: number | null;
  after: number | null;
};

/** What candidates are ranked by; those of other spaces are left out, whoever named them. Rows are found by their keys from
 * here to the end of the transaction. */
export async function describeCandidates(
  trx: TenantTransaction,
  ...wanted: Parameters<typeof candidateRows>
): Promise<CandidateRow[]> {
  const [, { rows }] = await Promise.all([trx.executeQuery(findByKeys), candidateRows(...wanted).execute(trx)]);
  return rows;
}

/** The statement. Turns beside a candidate are those of its conversation, by the time they were said. The conversation is kept
 * by its bounds, not by `=`, and the space by a sum: otherwise a planner without statistics walks through the whole space, by
 * time or once for each candidate. */
export function candidateRows(
  numbers: readonly number[],
  lexemes: readonly string[],
  { spaceIds, filter }: { spaceIds: readonly number[]; filter: RecallFilter },
): RawBuilder<CandidateRow> {
  return sql<CandidateRow>`
    SELECT memory.number, memory.role, memory.importance, memory.created_at, memory.word_count,
      found.places, found.frequencies, before.number AS before, after.number AS after
    FROM unnest(${numbers}::bigint[]) AS wanted (number)
    JOIN memory ON memory.number = wanted.number
    CROSS JOIN LATERAL (
      SELECT coalesce(array_agg(term.place ORDER BY term.place), '{}')::integer[] AS places,
        coalesce(array_agg(posting.frequency ORDER BY term.place), '{}')::integer[] AS frequencies
      FROM unnest(${lexemes}::text[]) WITH ORDINALITY AS term (lexeme, place)
      CROSS JOIN LATERAL (
        SELECT frequency FROM memory_posting
        WHERE space_id = memory.space_id AND lexeme = term.lexeme AND memory_number = memory.number
        LIMIT 1
      ) AS posting
    ) AS found
    LEFT JOIN LATERAL (
      SELECT other.number FROM memory AS other
      WHERE other.space_id = memory.space_id AND other.conversation_id >= memory.conversation_id
        AND (other.conversation_id, other.created_at, other.number) < (memory.conversation_id, memory.created_at, memory.number)
        AND other.superseded_by IS NULL AND NOT other.archived AND ${isOnCurrentBranch('other')}
      ORDER BY other.conversation_id DESC, other.created_at DESC, other.number DESC
      LIMIT 1
    ) AS before ON true
    LEFT JOIN LATERAL (
      SELECT other.number FROM memory AS other
      WHERE other.space_id = memory.space_id AND other.conversation_id <= memory.conversation_id
        AND (other.conversation_id, other.created_at, other.number) > (memory.conversation_id, memory.created_at, memory.number)
        AND other.superseded_by IS NULL AND NOT other.archived AND ${isOnCurrentBranch('other')}
      ORDER BY other.conversation_id, other.created_at, other.number
      LIMIT 1
    ) AS after ON true
    WHERE (memory.space_id + 0) = ANY(${spaceIds}::bigint[]) AND ${matchesFilter(filter)}
      AND ${filter.asOf === undefined ? isOnCurrentBranch('memory') : sql`true`}
    ORDER BY memory.number`;
}

export type ContentRow = {
  number: number;
  id: string;
  superseded_by: string | null;
  user_id: string | null;
  session_id: string | null;
  conversation_id: string | null;
  role: 'user' | 'assistant' | 'system';
  content: string;
  metadata: Record<string, unknown>;
  created_at: Date;
};

export async function readContents(trx: TenantTransaction, numbers: readonly number[]): Promise<ContentRow[]> {
  const { rows } = await sql<ContentRow>`
    SELECT memory.number, memory.id, memory.superseded_by, memory_space.user_id, memory.session_id, memory.conversation_id,
      memory.role, memory.content, memory.metadata, memory.created_at
    FROM memory JOIN memory_space ON memory_space.id = memory.space_id
    WHERE memory.number = ANY(${numbers}::bigint[])`.execute(trx);
  return rows;
}
