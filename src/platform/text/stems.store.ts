import { sql } from 'kysely';
import type { Stem } from '../../lib/words/query-words.ts';
import { withoutAccents } from '../../lib/words/words-of.ts';
import type { TenantTransaction } from '../database/database.ts';

const UNSTEMMED = 'simple';

/**
 * Stems words as Postgres' Snowball dictionaries do. The dictionaries are called by themselves, without Postgres' text
 * parser: that cuts words otherwise on servers of another locale, and takes `TCP/IP` for a file.
 */
export async function stemWords(
  trx: TenantTransaction,
  words: readonly string[],
  languages: readonly string[],
): Promise<Stem[]> {
  const unstemmed = languages.includes(UNSTEMMED) ? words.map((word) => stemOf(word, UNSTEMMED, [word])) : [];
  const stemmed = languages.filter((language) => language !== UNSTEMMED);
  if (stemmed.length === 0 || words.length === 0) return unstemmed;
  const { rows } = await sql<{ word: string; language: string; lexemes: string[] }>`
    SELECT word, language, ts_lexize((language || '_stem')::regdictionary, word) AS lexemes
    FROM unnest(${stemmed}::text[]) AS used (language) CROSS JOIN unnest(${words}::text[]) AS given (word)`.execute(
    trx,
  );
  return [...rows.map(({ word, language, lexemes }) => stemOf(word, language, lexemes)), ...unstemmed];
}

function stemOf(word: string, language: string, lexemes: readonly string[]): Stem {
  const [lexeme] = lexemes;
  return { word, language, lexeme: lexeme === undefined || lexeme === '' ? null : withoutAccents(lexeme) };
}
