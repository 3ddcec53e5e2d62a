/** BM25 (Robertson and Zaragoza, 2009) with Lucene's idf, which is never negative. The figures are the usual ones;
 * bench/retrieval-quality.ts measures them. */
export const K1 = 1.2;
export const B = 0.75;

/** What is searched: all texts in an index, also those that no search may show yet. */
export type Corpus = {
  textCount: number;
  /** Words of an average text, without stop words. */
  averageWords: number;
  /** Numbers of the oldest and the newest text. */
  firstText: number;
  lastText: number;
};

/** How often a lexeme occurs: counted from the newest text backwards, up to a limit. */
export type TermCount = { lexeme: string; found: number; oldest: number; newest: number };

export type PlannedTerm = {
  lexeme: string;
  /** Texts that have it: counted, or estimated where counting stopped. */
  frequency: number;
  idf: number;
  /** Whether texts are looked for by this lexeme. The others only add to the score of texts that were found. */
  essential: boolean;
};

export type Limits = {
  /** Postings that one lexeme is counted by. */
  count: number;
  /** Postings that are scored to find candidates. */
  scan: number;
};

/** Postings that all lexemes of a query are counted by, together. */
const COUNT_BUDGET = 320_000;
const COUNT_LIMIT = 10_000;
/** With these, the first ten of 100,000 texts were those of a full scan for 100 of 100 questions, in a third of the time. */
const SCAN_LIMIT = 20_000;

export function limitsFor(termCount: number): Limits {
  return { count: Math.min(COUNT_LIMIT, Math.floor(COUNT_BUDGET / Math.max(1, termCount))), scan: SCAN_LIMIT };
}

/**
 * Weighs a query's lexemes and chooses those by which chunks are looked for: the rarest, as long as their postings fit
 * the limit. A text that has only common ones is thus not found once there are rarer ones; it could not have scored high.
 * `words` has the lexemes of each word, one for each language: they are weighed together, or a word that is common in
 * English would count as rare in the only German document.
 */
export function planTerms(
  words: readonly (readonly string[])[],
  counts: readonly TermCount[],
  corpus: Corpus,
  limits: Limits,
): PlannedTerm[] {
  const frequencies = new Map(counts.map((count) => [count.lexeme, documentFrequency(count, corpus, limits.count)]));
  const shared = sharedFrequencies(words, frequencies);
  const rarestFirst = [...frequencies].sort(([a, left], [b, right]) => left - right || (a < b ? -1 : 1));
  let scanned = 0;
  return rarestFirst.map(([lexeme, frequency], index) => {
    scanned += frequency;
    const essential = index === 0 || scanned <= limits.scan;
    return { lexeme, frequency, idf: idf(shared.get(lexeme) ?? frequency, corpus.textCount), essential };
  });
}

function sharedFrequencies(words: readonly (readonly string[])[], frequencies: ReadonlyMap<string, number>) {
  const shared = new Map<string, number>();
  for (const lexemes of words) {
    const together = lexemes.reduce((sum, lexeme) => sum + (frequencies.get(lexeme) ?? 0), 0);
    for (const lexeme of lexemes) shared.set(lexeme, Math.max(shared.get(lexeme) ?? 0, together));
  }
  return shared;
}

/** Where counting stopped, the lexeme is taken to be as frequent in the rest of the texts as in those that were seen. */
function documentFrequency(count: TermCount, corpus: Corpus, limit: number): number {
  if (count.found < limit) return count.found;
  const seen = count.newest - count.oldest + 1;
  const all = corpus.lastText - corpus.firstText + 1;
  const estimate = Math.round((count.found * all) / Math.max(1, seen));
  return Math.max(count.found, Math.min(estimate, corpus.textCount));
}

export function idf(documentFrequency: number, textCount: number): number {
  const within = Math.min(documentFrequency, textCount);
  return Math.log(1 + (textCount - within + 0.5) / (within + 0.5));
}
