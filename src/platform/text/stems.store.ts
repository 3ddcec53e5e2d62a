import { CompiledQuery } from 'kysely';
import type { Stem } from '../../lib/words/query-words.ts';
import { withoutAccents } from '../../lib/words/words-of.ts';
import type { Db, TenantTransaction } from '../database/database.ts';

const UNSTEMMED = 'simple';

const STEM = `
  SELECT word, language, ts_lexize((language || '_stem')::regdictionary, word) AS lexemes
  FROM unnest($1::text[]) AS used (language) CROSS JOIN unnest($2::text[]) AS given (word)`;

type StemRow = { word: string; language: string; lexemes: string[] };

/**
 * Stems words as Postgres' Snowball dictionaries do. The dictionaries are called by themselves, without Postgres' text
 * parser: that cuts words otherwise on servers of another locale, and takes `TCP/IP` for a file.
 */
export async function stemWords(
  trx: TenantTransaction,
  words: readonly string[],
  languages: readonly string[],
): Promise<Stem[]> {
  const unstemmed = languages.includes(UNSTEMMED) ? unstemmedOf(words) : [];
  const stemmed = languages.filter((language) => language !== UNSTEMMED);
  if (stemmed.length === 0 || words.length === 0) return unstemmed;
  return [...(await ask(trx, words, stemmed)), ...unstemmed];
}

/** As `stemWords`, of one language, in no transaction: dictionaries are no tenant's. */
export async function stemsOf(db: Db, language: string, words: readonly string[]): Promise<Stem[]> {
  return language === UNSTEMMED ? unstemmedOf(words) : ask(db, words, [language]);
}

async function ask(db: Db, words: readonly string[], languages: readonly string[]): Promise<Stem[]> {
  const { rows } = await db.executeQuery<StemRow>(CompiledQuery.raw(STEM, [languages, words]));
  return rows.map(({ word, language, lexemes }) => stemOf(word, language, lexemes));
}

function unstemmedOf(words: readonly string[]): Stem[] {
  return words.map((word) => stemOf(word, UNSTEMMED, [word]));
}

function stemOf(word: string, language: string, lexemes: readonly string[]): Stem {
  const [lexeme] = lexemes;
  return { word, language, lexeme: lexeme === undefined || lexeme === '' ? null : withoutAccents(lexeme) };
}
