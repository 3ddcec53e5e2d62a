import { CompiledQuery, sql } from 'kysely';
import { B, type Corpus, K1, type PlannedTerm, type TermCount } from '../../../lib/words/bm25.ts';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { type DocumentFilter, matchesFilter } from './filter.store.ts';

/** The corpus, and the stemmers that its documents went through. */
export type IndexedCorpus = Corpus & { languages: readonly string[] };

export type LanguageShare = {
  language: string;
  chunks: number;
  words: number;
  first: number | null;
  last: number | null;
  /** Another one whenever something of this language came, went, or was shown or hidden. */
  version: string;
};

/** What the corpus is now, by language. One statement by itself: a search of an empty corpus is one round trip. */
export const corpusQuery = CompiledQuery.raw(`
  SELECT language, sum(chunk_count) AS chunks, sum(word_count) AS words,
    (SELECT min(number) FROM chunk) AS first, (SELECT max(number) FROM chunk) AS last,
    md5(string_agg(id::text, ' ' ORDER BY id)) AS version
  FROM corpus_change
  GROUP BY language
  HAVING sum(chunk_count) > 0
  ORDER BY chunks DESC, language`) as CompiledQuery<LanguageShare>;

export function corpusOf(languages: readonly LanguageShare[]): IndexedCorpus {
  const textCount = languages.reduce((sum, { chunks }) => sum + chunks, 0);
  const wordCount = languages.reduce((sum, { words }) => sum + words, 0);
  return {
    textCount,
    averageWords: textCount > 0 ? Math.max(1, wordCount / textCount) : 1,
    firstText: languages[0]?.first ?? 0,
    lastText: languages[0]?.last ?? 0,
    languages: languages.map(({ language }) => language),
  };
}

export function versionOf(languages: readonly LanguageShare[]): string {
  return languages.map(({ language, version }) => `${language} ${version}`).join('\n');
}

/** Counts the chunks with each lexeme, up to `limit` of each. Lexemes that no chunk has are left out. */
export async function countTerms(
  trx: TenantTransaction,
  lexemes: readonly string[],
  limit: number,
): Promise<TermCount[]> {
  const { rows } = await sql<TermCount>`
    SELECT term.lexeme, counted.found, counted.oldest, counted.newest
    FROM unnest(${lexemes}::text[]) AS term (lexeme)
    CROSS JOIN LATERAL (
      SELECT count(*) AS found, min(chunk_number) AS oldest, max(chunk_number) AS newest
      FROM (
        SELECT chunk_number FROM posting
        WHERE posting.lexeme = term.lexeme
        ORDER BY chunk_number DESC
        LIMIT ${limit}
      ) AS newest_first
    ) AS counted
    WHERE counted.found > 0`.execute(trx);
  return rows;
}

/** Chunk numbers, both ends included. */
export type ChunkRange = { low: number; high: number };

export type ScoringLimits = {
  /** Postings that are read for each essential lexeme, in each range. */
  scan: number;
  /** Candidates whose score is completed. */
  pool: number;
  /** Hits that are returned. */
  hits: number;
};

export type ScoredChunk = { id: string; number: number; score: number };
/** `candidates` is what was scored, before the filter; as many as the pool means that there may be more. */
export type Scoring = { chunks: ScoredChunk[]; candidates: number };

const weight = (averageWords: number) => sql<number>`
  term.idf * posting.frequency * ${K1 + 1}::float8
  / (posting.frequency + ${K1}::float8 * (${1 - B}::float8 + ${B / averageWords}::float8 * posting.word_count))`;

/**
 * The best chunks by BM25, of ready documents that match the filter. The work is bounded by the limits, whatever the size
 * of the corpus: postings are read through LATERAL with a LIMIT each, which the planner cannot turn into a scan of all.
 */
export async function scoreChunks(
  trx: TenantTransaction,
  terms: readonly PlannedTerm[],
  query: { averageWords: number; ranges: readonly ChunkRange[]; filter: DocumentFilter; limits: ScoringLimits },
): Promise<Scoring> {
  const { averageWords, ranges, filter, limits } = query;
  const score = weight(averageWords);
  const { rows } = await sql<(ScoredChunk | { id: null }) & { candidates: number }>`
    WITH term AS MATERIALIZED (
      SELECT * FROM unnest(
        ${terms.map(({ lexeme }) => lexeme)}::text[],
        ${terms.map(({ idf }) => idf)}::float8[],
        ${terms.map(({ essential }) => essential)}::boolean[]
      ) AS term (lexeme, idf, essential)
    ),
    candidate AS MATERIALIZED (
      SELECT posting.chunk_number, sum(${score}) AS score
      FROM term
      CROSS JOIN unnest(${ranges.map(({ low }) => low)}::bigint[], ${ranges.map(({ high }) => high)}::bigint[])
        AS range (low, high)
      CROSS JOIN LATERAL (
        SELECT chunk_number, frequency, word_count FROM posting
        WHERE posting.lexeme = term.lexeme AND chunk_number BETWEEN range.low AND range.high
        ORDER BY chunk_number DESC
        LIMIT ${limits.scan}
      ) AS posting
      WHERE term.essential
      GROUP BY posting.chunk_number
      ORDER BY score DESC, posting.chunk_number
      LIMIT ${limits.pool}
    ),
    scored AS MATERIALIZED (
      SELECT candidate.chunk_number, candidate.score + coalesce((
        SELECT sum(${score})
        FROM term
        CROSS JOIN LATERAL (
          SELECT frequency, word_count FROM posting
          WHERE posting.lexeme = term.lexeme AND posting.chunk_number = candidate.chunk_number
          LIMIT 1
        ) AS posting
        WHERE NOT term.essential
      ), 0) AS score
      FROM candidate
    )
    SELECT hit.id, hit.number, hit.score, pool.candidates
    FROM (SELECT count(*) AS candidates FROM candidate) AS pool
    LEFT JOIN (
      SELECT chunk.id, chunk.number, scored.score
      FROM scored
      JOIN chunk ON chunk.number = scored.chunk_number
      JOIN document ON document.id = chunk.document_id
      WHERE ${matchesFilter(filter)}
      ORDER BY scored.score DESC, chunk.number
      LIMIT ${limits.hits}
    ) AS hit ON true
    ORDER BY hit.score DESC, hit.number`.execute(trx);
  const chunks = rows.flatMap((row) => (row.id === null ? [] : [{ id: row.id, number: row.number, score: row.score }]));
  return { chunks, candidates: rows[0]?.candidates ?? 0 };
}

/** How often a chunk has a lexeme of the query. */
export type Occurrence = { chunkNumber: number; wordCount: number; lexeme: string; frequency: number };

export async function findOccurrences(
  trx: TenantTransaction,
  chunkNumbers: readonly number[],
  lexemes: readonly string[],
): Promise<Occurrence[]> {
  const { rows } = await sql<Occurrence>`
    SELECT chunk.number AS "chunkNumber", found.word_count AS "wordCount", term.lexeme, found.frequency
    FROM unnest(${chunkNumbers}::bigint[]) AS chunk (number)
    CROSS JOIN unnest(${lexemes}::text[]) AS term (lexeme)
    CROSS JOIN LATERAL (
      SELECT word_count, frequency FROM posting
      WHERE posting.lexeme = term.lexeme AND posting.chunk_number = chunk.number
      LIMIT 1
    ) AS found`.execute(trx);
  return rows;
}
