import { type RawBuilder, sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { IndexEntry } from '../../../platform/text/text-indexer.ts';

export type NewChunk = {
  id: string;
  documentId: string;
  index: number;
  start: number;
  end: number;
  headingPath: readonly string[];
  pageStart: number | null;
  pageEnd: number | null;
  text: string;
  contentHash: Buffer;
  entry: IndexEntry;
};

/** Stores chunks with their postings, and counts them in the corpus. Returns the range of their numbers. */
export async function insertChunks(
  trx: TenantTransaction,
  chunks: readonly NewChunk[],
  language: string,
): Promise<{ first: number; last: number }> {
  const rows = await trx.insertInto('chunk').values(chunks.map(toRow)).returning(['number', 'index']).execute();
  const numbers = new Map(rows.map(({ number, index }) => [index, number]));
  await insertPostings(trx, chunks, numbers);
  const words = chunks.reduce((sum, { entry }) => sum + entry.wordCount, 0);
  const { id } = await trx
    .insertInto('corpus_change')
    .values({ language, chunk_count: chunks.length, word_count: words })
    .returning('id')
    .executeTakeFirstOrThrow();
  if (id % CHANGES_PER_COMPACTION === 0) await compactCorpus(trx);
  return { first: Math.min(...numbers.values()), last: Math.max(...numbers.values()) };
}

function toRow(chunk: NewChunk) {
  return {
    id: chunk.id,
    document_id: chunk.documentId,
    index: chunk.index,
    start_offset: chunk.start,
    end_offset: chunk.end,
    heading_path: [...chunk.headingPath],
    page_start: chunk.pageStart,
    page_end: chunk.pageEnd,
    text: chunk.text,
    content_hash: chunk.contentHash,
    word_count: chunk.entry.wordCount,
  };
}

async function insertPostings(
  trx: TenantTransaction,
  chunks: readonly NewChunk[],
  numbers: ReadonlyMap<number, number>,
): Promise<void> {
  const postings = chunks.flatMap(({ index, entry }) =>
    [...entry.frequencies].map(([lexeme, frequency]) => ({
      lexeme,
      frequency,
      chunk: numbers.get(index) ?? 0,
      words: entry.wordCount,
    })),
  );
  // In the order of the primary key: neighbours in it then share the pages that they touch.
  postings.sort((a, b) => (a.lexeme < b.lexeme ? -1 : a.lexeme > b.lexeme ? 1 : a.chunk - b.chunk));
  await sql`
    INSERT INTO posting (lexeme, chunk_number, frequency, word_count)
    SELECT * FROM unnest(
      ${postings.map(({ lexeme }) => lexeme)}::text[],
      ${postings.map(({ chunk }) => chunk)}::bigint[],
      ${postings.map(({ frequency }) => frequency)}::smallint[],
      ${postings.map(({ words }) => words)}::integer[]
    )`.execute(trx);
}

/** Removes up to `limit` chunks of a document from the index and the corpus. Returns how many, 0 when none is left. */
export async function deleteChunks(trx: TenantTransaction, documentId: string, limit: number): Promise<number> {
  const { rows: chunks } = await sql<{ number: number; word_count: number; content_hash: Buffer }>`
    DELETE FROM chunk
    WHERE number IN (SELECT number FROM chunk WHERE document_id = ${documentId} LIMIT ${limit})
    RETURNING number, word_count, content_hash`.execute(trx);
  if (chunks.length === 0) return 0;
  const numbers = chunks.map(({ number }) => number);
  await sql`DELETE FROM posting WHERE chunk_number = ANY(${numbers}::bigint[])`.execute(trx);
  const hashes = chunks.map((chunk) => chunk.content_hash);
  await deleteUnusedEmbeddings(trx, hashes);
  const words = chunks.reduce((sum, chunk) => sum + chunk.word_count, 0);
  await sql`
    INSERT INTO corpus_change (language, chunk_count, word_count)
    SELECT language, ${-chunks.length}::integer, ${-words}::bigint
    FROM document WHERE id = ${documentId} AND language IS NOT NULL`.execute(trx);
  return chunks.length;
}

/** Vectors of texts that no chunk has any more. */
async function deleteUnusedEmbeddings(trx: TenantTransaction, hashes: readonly Buffer[]): Promise<void> {
  await sql`
    DELETE FROM embedding
    WHERE content_hash = ANY(${hashes}::bytea[])
      AND NOT EXISTS (SELECT FROM chunk WHERE chunk.content_hash = embedding.content_hash)`.execute(trx);
}

/** These documents are shown or hidden now, though nothing came or went: a change of nothing, which makes a version of its own. */
export async function noteCorpusChange(trx: TenantTransaction, documentIds: readonly string[]): Promise<void> {
  await noteLanguages(trx, sql`SELECT DISTINCT language FROM document WHERE id = ANY(${documentIds}::uuid[])`);
}

/** Searches by meaning find these texts from now on. */
export async function noteVectors(trx: TenantTransaction, hashes: readonly Buffer[]): Promise<void> {
  await noteLanguages(
    trx,
    sql`SELECT DISTINCT document.language FROM chunk JOIN document ON document.id = chunk.document_id
      WHERE chunk.content_hash = ANY(${hashes}::bytea[])`,
  );
}

async function noteLanguages(trx: TenantTransaction, languages: RawBuilder<unknown>): Promise<void> {
  const { rows } = await sql<{ id: number }>`
    INSERT INTO corpus_change (language, chunk_count, word_count)
    SELECT language, 0, 0 FROM (${languages}) AS changed WHERE language IS NOT NULL
    RETURNING id`.execute(trx);
  if (rows.some(({ id }) => id % CHANGES_PER_COMPACTION === 0)) await compactCorpus(trx);
}

/** So many changes, at most, every search has to add up. */
const CHANGES_PER_COMPACTION = 64;
const COMPACTED_CHANGES = 1_000;

/** Adds up the changes of the corpus. Rows that another transaction holds are left to it, so that nobody waits. */
export async function compactCorpus(trx: TenantTransaction): Promise<void> {
  await sql`
    WITH taken AS (
      DELETE FROM corpus_change
      WHERE id IN (SELECT id FROM corpus_change ORDER BY id LIMIT ${COMPACTED_CHANGES} FOR UPDATE SKIP LOCKED)
      RETURNING language, chunk_count, word_count
    )
    INSERT INTO corpus_change (language, chunk_count, word_count)
    SELECT language, sum(chunk_count), sum(word_count) FROM taken
    GROUP BY language
    HAVING sum(chunk_count) <> 0 OR sum(word_count) <> 0`.execute(trx);
}
