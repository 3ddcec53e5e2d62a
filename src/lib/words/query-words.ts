import { wordsOf } from './words-of.ts';

/** Different words of a query that are looked at; what a person writes has fewer, a pasted page is cut. */
const MAX_WORDS = 128;

export function queryWords(query: string): string[] {
  return [...new Set(wordsOf(query))].slice(0, MAX_WORDS);
}

/** The lexeme that a word is stored and looked for as; null for a stop word of the language. */
export type Stem = { word: string; language: string; lexeme: string | null };

/** A word of a query, as each of the corpus's languages stores it. */
export type QueryTerm = { word: string; lexemes: readonly string[] };

/**
 * The words that can tell documents apart. Each is looked for as the stem of every language in the corpus; a stop word of
 * the query's own language, which is the one that has the most of them, is left out altogether: `the` is rare in German
 * documents, and would find the one that quotes English.
 */
export function informativeTerms(stems: readonly Stem[]): QueryTerm[] {
  const stopWords = stopWordsOf(queryLanguage(stems), stems);
  const terms = new Map<string, Set<string>>();
  for (const { word, lexeme } of stems) {
    if (lexeme === null || stopWords.has(word)) continue;
    terms.set(word, (terms.get(word) ?? new Set()).add(lexeme));
  }
  return [...terms].map(([word, lexemes]) => ({ word, lexemes: [...lexemes] }));
}

/** Stems come in the order of their languages, most used first, which decides a tie. */
function queryLanguage(stems: readonly Stem[]): string | null {
  const counts = new Map<string, number>();
  for (const { language, lexeme } of stems) {
    if (lexeme === null) counts.set(language, (counts.get(language) ?? 0) + 1);
  }
  let best: string | null = null;
  for (const [language, count] of counts) {
    if (best === null || count > (counts.get(best) ?? 0)) best = language;
  }
  return best;
}

function stopWordsOf(language: string | null, stems: readonly Stem[]): Set<string> {
  return new Set(stems.filter((stem) => stem.language === language && stem.lexeme === null).map(({ word }) => word));
}
