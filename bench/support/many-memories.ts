import type { Database } from '../../src/platform/database/database.ts';

/** The words of a made-up language; the n-th is about 1/n as frequent as the first. */
const VOCABULARY = 20_000;
const WORDS = 10;
const PART = 20_000;

/**
 * Fills a space with memories as the program itself stores them, but by SQL alone, some 20,000 a second: one a minute back
 * from `newest`, ten words each, with their postings, in conversations of 20.
 */
export async function fillMemories(
  database: Database,
  tenant: { slug: string },
  { userId, count, newest }: { userId: string; count: number; newest: Date },
): Promise<void> {
  const schema = `"tenant_${tenant.slug}"`;
  const run = (sql: string) => database.execute(`BEGIN; SET LOCAL search_path TO ${schema}, public; ${sql}; COMMIT`);
  await run(`INSERT INTO memory_space (user_id) VALUES ('${userId}') ON CONFLICT DO NOTHING`);
  const space = `(SELECT id FROM memory_space WHERE user_id = '${userId}' AND subject = '')`;
  for (let from = 0; from < count; from += PART) {
    const to = Math.min(count, from + PART) - 1;
    await run(partOf({ space, userId, from, to, newest }));
  }
  await run(`
    INSERT INTO memory_corpus_change (space_id, language, memory_count, word_count)
    SELECT ${space}, 'english', ${count}, ${count * WORDS}`);
  await database.execute(`VACUUM ANALYZE ${schema}.memory`);
  await database.execute(`VACUUM ANALYZE ${schema}.memory_posting`);
}

type Part = { space: string; userId: string; from: number; to: number; newest: Date };

function partOf({ space, userId, from, to, newest }: Part): string {
  return `
    WITH drawn AS MATERIALIZED (
      SELECT item, array(
        SELECT DISTINCT 'w' || floor(${VOCABULARY} ^ random())::integer FROM generate_series(1, ${WORDS}) WHERE item >= 0
      ) AS words
      FROM generate_series(${from}, ${to}) AS item
    ), saved AS (
      INSERT INTO memory (id, space_id, created_by, conversation_id, role, content, content_hash, importance, language,
        word_count, lexemes, created_at, valid_from)
      SELECT gen_random_uuid(), ${space}, '${userId}', 'talk ' || item / 20,
        CASE item % 2 WHEN 0 THEN 'user' ELSE 'assistant' END, array_to_string(words, ' '),
        sha256(array_to_string(words, ' ')::bytea), 0.14, 'english', ${WORDS}, words, said, said
      FROM drawn CROSS JOIN LATERAL (
        SELECT '${newest.toISOString()}'::timestamptz - item * interval '1 minute' AS said
      ) AS time
      RETURNING number, space_id, lexemes
    )
    INSERT INTO memory_posting (space_id, memory_number, word_count, frequency, lexeme)
    SELECT space_id, number, ${WORDS}, 1, word FROM saved CROSS JOIN LATERAL unnest(lexemes) AS word`;
}

/** Words that a question has: common ones and rare ones. */
export function questionOf(seed: number): string {
  const word = (place: number) => `w${Math.floor(VOCABULARY ** (((seed * 31 + place * 17) % 97) / 97))}`;
  return Array.from({ length: 6 }, (_, place) => word(place)).join(' ');
}
