import { type Limits, limitsFor, type PlannedTerm, planTerms } from '../../../lib/words/bm25.ts';
import { informativeTerms, type QueryTerm, queryWords } from '../../../lib/words/query-words.ts';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { stemWords } from '../../../platform/text/stems.store.ts';
import { widenUntilEnough } from './candidates.ts';
import type { DocumentFilter } from './filter.store.ts';
import { type ChunkRange, countTerms, type IndexedCorpus, type ScoredChunk, scoreChunks } from './lexical.store.ts';
import type { FoundChunks } from './search-cache.ts';

/** A query against the corpus as it is now: what it looks for, and how much each part of it tells. */
export type LexicalQuery = {
  corpus: IndexedCorpus;
  /** Without stop words; also those that no chunk has. */
  terms: readonly QueryTerm[];
  /** Only lexemes that the corpus has, rarest first. */
  planned: readonly PlannedTerm[];
  /** Of each lexeme, in their order; null for one that the corpus does not have. */
  counts: FoundChunks['counts'];
  limits: Limits;
};

/** Languages that a query is stemmed in: the most used ones of the corpus. */
const MAX_LANGUAGES = 6;

/** What a query is to a corpus without chunks. */
export function emptyQuery(corpus: IndexedCorpus): LexicalQuery {
  return { corpus, terms: [], planned: [], counts: [], limits: limitsFor(0) };
}

export async function analyzeQuery(
  trx: TenantTransaction,
  query: string,
  corpus: IndexedCorpus,
  known: FoundChunks | null,
): Promise<LexicalQuery> {
  const stems = await stemWords(trx, queryWords(query), corpus.languages.slice(0, MAX_LANGUAGES));
  const terms = informativeTerms(stems);
  const words = terms.map((term) => term.lexemes);
  const lexemes = [...new Set(words.flat())];
  const limits = limitsFor(lexemes.length);
  const counts = known?.counts ?? (await countsOf(trx, lexemes, limits.count));
  const found = lexemes.flatMap((lexeme, place) => (counts[place] ? [{ lexeme, ...counts[place] }] : []));
  return { corpus, terms, planned: planTerms(words, found, corpus, limits), counts, limits };
}

async function countsOf(
  trx: TenantTransaction,
  lexemes: readonly string[],
  limit: number,
): Promise<LexicalQuery['counts']> {
  if (lexemes.length === 0) return [];
  const counted = new Map((await countTerms(trx, lexemes, limit)).map(({ lexeme, ...count }) => [lexeme, count]));
  return lexemes.map((lexeme) => counted.get(lexeme) ?? null);
}

const EVERYWHERE: readonly ChunkRange[] = [{ low: 0, high: Number.MAX_SAFE_INTEGER }];

/** The best chunks by BM25, best first. `ranges` are those of the documents that the filter matches, where they are few. */
export async function searchLexically(
  trx: TenantTransaction,
  query: LexicalQuery,
  scope: { filter: DocumentFilter; ranges: readonly ChunkRange[] | null; hits: number },
): Promise<ScoredChunk[]> {
  const { filter, ranges, hits } = scope;
  if (query.planned.length === 0) return [];
  // Within few documents every lexeme is looked for: there are not many postings to read.
  const terms = ranges === null ? query.planned : query.planned.map((term) => ({ ...term, essential: true }));
  const scoring = {
    averageWords: query.corpus.averageWords,
    ranges: ranges === null ? EVERYWHERE : mergeRanges(ranges),
    filter,
  };
  return widenUntilEnough(hits, (pool) =>
    scoreChunks(trx, terms, { ...scoring, limits: { scan: query.limits.scan, pool, hits } }),
  );
}

/** Ranges that overlap are joined: a chunk in two of them would be scored twice. */
export function mergeRanges(ranges: readonly ChunkRange[]): ChunkRange[] {
  const merged: ChunkRange[] = [];
  for (const { low, high } of [...ranges].sort((a, b) => a.low - b.low)) {
    const last = merged.at(-1);
    if (last && low <= last.high + 1) last.high = Math.max(last.high, high);
    else merged.push({ low, high });
  }
  return merged;
}
