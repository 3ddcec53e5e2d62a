import {
  asksAboutAnswers,
  type Candidate,
  type Similarity,
  similarities,
  termScore,
  type WeighedTerm,
} from '../../../lib/memory/ranking.ts';
import { decayOf, type RecallWeights, recallScore } from '../../../lib/memory/scores.ts';
import { type TimeRange, timeRangeOf } from '../../../lib/memory/time-words.ts';
import { type Corpus, limitsFor, type PlannedTerm, planTerms, type TermCount } from '../../../lib/words/bm25.ts';
import { informativeTerms, queryWords } from '../../../lib/words/query-words.ts';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { stemWords } from '../../../platform/text/stems.store.ts';
import type { RecallFilter } from './filter.store.ts';
import * as store from './recall.store.ts';

export type RecallQuery = {
  query: string;
  owners: readonly { userId: string | null; subject: string }[];
  filter: RecallFilter;
  weights: RecallWeights;
  /** The time from which ages and words of time are seen. */
  now: Date;
  /** The question as a vector; null where search is by words only. */
  vector: { embedder: string; vector: readonly number[] } | null;
  /** What the same question found before; used only as long as its memories are the same. */
  known?: Candidates | null;
};

/**
 * What a question found: numbers alone, no words. Each is looked at anew, as it is now, before it is ranked: so what is
 * deleted, archived or turned away from is not among the answers, however old this is.
 */
export type Candidates = {
  version: string;
  /** Of each of the question's lexemes, in their order. */
  counts: readonly (Omit<TermCount, 'lexeme'> | null)[];
  numbers: readonly number[];
  cosines: readonly (readonly [number, number])[];
};

export type Ranked = {
  number: number;
  score: number;
  similarity: Similarity;
  importance: number;
  decay: number;
  ageMs: number;
  /** What the time that the question names makes of it. */
  timeFactor: number;
  wordCount: number;
  /** Share of what the question's words tell that it has. */
  coverage: number;
  terms: readonly { lexeme: string; idf: number; frequency: number; score: number }[];
  before: number | null;
};

export type Ranking = {
  ranked: Ranked[];
  averageWords: number;
  time: TimeRange | null;
  /** To be known the next time; null where that time's words mean other times. */
  candidates: Candidates | null;
};

/** Candidates by words and by meaning that are ranked together. */
const POOL = 160;
const MAX_POOL = 40_000;
const MAX_LANGUAGES = 6;
/** Said in the time that the question names. */
const IN_TIME = 1.3;

/** Ranks the memories of some spaces for a question, best first. The same question of the same memories at the same time
 * gives the same figures, to the last digit: they are added up here, in one order, not in the database. */
export async function rankMemories(trx: TenantTransaction, input: RecallQuery): Promise<Ranking> {
  const { query, filter, now } = input;
  const spaces = await store.readSpaces(trx, input.owners);
  const corpus = corpusOf(spaces);
  const time = filter.from === undefined && filter.to === undefined ? timeRangeOf(query, now) : null;
  if (corpus.textCount === 0) return { ranked: [], averageWords: 1, time, candidates: null };
  const spaceIds = [...new Set(spaces.map(({ space_id }) => space_id))];
  const languages = [...new Set(spaces.map(({ language }) => language))].slice(0, MAX_LANGUAGES);
  const asked = time === null ? query : query.replace(time.words, ' ');
  const version = spaces.map((space) => `${space.space_id} ${space.language} ${space.version}`).join('\n');
  const known = time === null && input.known?.version === version ? input.known : null;
  const { planned, counts } = await planQuery(trx, asked, { spaceIds, languages, corpus, known });
  const found =
    known ?? (await findCandidates(trx, input, { planned, spaceIds, averageWords: corpus.averageWords, time }));
  const rows = await describe(trx, found.numbers, planned, { spaceIds, filter });
  return {
    ranked: rank(rows, planned, new Map(found.cosines), input, { corpus, time }),
    averageWords: corpus.averageWords,
    time,
    candidates: time === null ? { version, counts, ...found } : null,
  };
}

/** Best candidates whose neighbouring turns are ranked, too: "Under the mat." holds no word of what it answers. */
const EXPANDED = 20;

async function describe(
  trx: TenantTransaction,
  numbers: readonly number[],
  planned: readonly PlannedTerm[],
  within: { spaceIds: readonly number[]; filter: RecallFilter },
): Promise<store.CandidateRow[]> {
  const lexemes = planned.map(({ lexeme }) => lexeme);
  const rows = await store.describeCandidates(trx, numbers, lexemes, within);
  const known = new Set(numbers);
  const best = new Set(numbers.slice(0, EXPANDED));
  const beside = rows
    .filter(({ number }) => best.has(number))
    .flatMap(({ before, after }) => [before, after])
    .filter((number) => number !== null && !known.has(number)) as number[];
  if (beside.length === 0) return rows;
  return [...rows, ...(await store.describeCandidates(trx, [...new Set(beside)], lexemes, within))];
}

function corpusOf(spaces: readonly store.SpaceShare[]): Corpus {
  const textCount = spaces.reduce((sum, { memories }) => sum + memories, 0);
  const words = spaces.reduce((sum, share) => sum + share.words, 0);
  return {
    textCount,
    averageWords: textCount > 0 ? Math.max(1, words / textCount) : 1,
    firstText: spaces[0]?.first ?? 0,
    lastText: spaces[0]?.last ?? 0,
  };
}

async function planQuery(
  trx: TenantTransaction,
  query: string,
  {
    spaceIds,
    languages,
    corpus,
    known,
  }: { spaceIds: readonly number[]; languages: readonly string[]; corpus: Corpus; known: Candidates | null },
): Promise<{ planned: PlannedTerm[]; counts: Candidates['counts'] }> {
  const terms = informativeTerms(await stemWords(trx, queryWords(query), languages));
  const words = terms.map(({ lexemes }) => lexemes);
  const lexemes = [...new Set(words.flat())];
  if (lexemes.length === 0) return { planned: [], counts: [] };
  const limits = limitsFor(lexemes.length);
  const counts = known?.counts ?? (await countsOf(trx, spaceIds, lexemes, limits.count));
  const found = lexemes.flatMap((lexeme, place) => (counts[place] ? [{ lexeme, ...counts[place] }] : []));
  return { planned: planTerms(words, found, corpus, limits), counts };
}

async function countsOf(
  trx: TenantTransaction,
  spaceIds: readonly number[],
  lexemes: readonly string[],
  limit: number,
): Promise<Candidates['counts']> {
  const counted = new Map(
    (await store.countTerms(trx, spaceIds, lexemes, limit)).map(({ lexeme, ...count }) => [lexeme, count]),
  );
  return lexemes.map((lexeme) => counted.get(lexeme) ?? null);
}

type Search = {
  planned: readonly PlannedTerm[];
  spaceIds: readonly number[];
  averageWords: number;
  time: TimeRange | null;
};

async function findCandidates(
  trx: TenantTransaction,
  { filter, vector }: RecallQuery,
  search: Search,
): Promise<Pick<Candidates, 'numbers' | 'cosines'>> {
  const numbers = new Set(await findByWords(trx, search, filter));
  const cosines = new Map<number, number>();
  const near = vector === null ? [] : await store.scoreByMeaning(trx, vector, { ...search, filter, hits: POOL });
  for (const { number, cosine } of near) {
    numbers.add(number);
    cosines.set(number, cosine);
  }
  if (search.time !== null) {
    const { from, to } = search.time;
    const within = { ...filter, from, to };
    for (const number of await findByWords(trx, search, within)) numbers.add(number);
    // "What did I do yesterday?" has no other word that tells.
    if (search.planned.length === 0 || numbers.size < POOL / 8) {
      for (const number of await store.newestNumbers(trx, { ...search, filter: within, hits: POOL / 4 }))
        numbers.add(number);
    }
  }
  return { numbers: [...numbers], cosines: [...cosines] };
}

/** More are scored until there are enough among them that the filter lets through. */
async function findByWords(trx: TenantTransaction, search: Search, filter: RecallFilter): Promise<number[]> {
  const { planned, spaceIds, averageWords } = search;
  const essential = planned.filter((term) => term.essential);
  if (essential.length === 0) return [];
  const { scan } = limitsFor(planned.length);
  for (let pool = 4 * POOL; ; pool *= 10) {
    const limits = { scan, pool, hits: POOL };
    const { numbers, candidates } = await store.scoreByWords(trx, essential, {
      spaceIds,
      averageWords,
      filter,
      limits,
    });
    if (numbers.length === POOL || candidates < pool || pool >= MAX_POOL) return numbers;
  }
}

function rank(
  rows: readonly store.CandidateRow[],
  planned: readonly PlannedTerm[],
  cosines: ReadonlyMap<number, number>,
  { query, weights, now }: RecallQuery,
  { corpus, time }: { corpus: Corpus; time: TimeRange | null },
): Ranked[] {
  const terms: WeighedTerm[] = planned.map(({ lexeme, idf }) => ({ lexeme, idf }));
  const { averageWords } = corpus;
  const candidates = rows.map((row) => candidateOf(row, cosines));
  const alike = similarities(candidates, terms, { averageWords, aboutAnswers: asksAboutAnswers(query) });
  const ranked = rows.map((row): Ranked => {
    const similarity = alike.get(row.number) ?? NOTHING_ALIKE;
    const ageMs = Math.max(0, now.getTime() - row.created_at.getTime());
    const decay = decayOf(ageMs);
    const timeFactor = time !== null && row.created_at >= time.from && row.created_at < time.to ? IN_TIME : 1;
    const factors = { similarity: similarity.similarity, importance: row.importance, decay };
    return {
      number: row.number,
      score: recallScore(factors, weights) * timeFactor,
      similarity,
      importance: row.importance,
      decay,
      ageMs,
      timeFactor,
      wordCount: row.word_count,
      terms: row.places.map((place, index) => termOf(terms, place - 1, row.frequencies[index] ?? 0, row, averageWords)),
      coverage: coverageOf(row, terms),
      before: row.before,
    };
  });
  // A turn that only stands beside a hit is not a hit: it comes along with it.
  return ranked
    .filter(({ similarity, timeFactor }) => similarity.similarity > 0 || timeFactor > 1)
    .sort((a, b) => b.score - a.score || b.number - a.number);
}

const NOTHING_ALIKE: Similarity = {
  similarity: 0,
  words: 0,
  roleFactor: 1,
  context: 0,
  bestLexical: 0,
  cosine: null,
};

function candidateOf(row: store.CandidateRow, cosines: ReadonlyMap<number, number>): Candidate {
  return {
    number: row.number,
    role: row.role,
    neighbours: [row.before, row.after].filter((number) => number !== null),
    wordCount: row.word_count,
    terms: row.places.map((place, index) => ({ term: place - 1, frequency: row.frequencies[index] ?? 0 })),
    cosine: cosines.get(row.number) ?? null,
  };
}

function coverageOf(row: store.CandidateRow, terms: readonly WeighedTerm[]): number {
  const total = terms.reduce((sum, { idf }) => sum + idf, 0);
  const has = row.places.reduce((sum, place) => sum + (terms[place - 1]?.idf ?? 0), 0);
  return total > 0 ? has / total : 0;
}

function termOf(
  terms: readonly WeighedTerm[],
  place: number,
  frequency: number,
  row: store.CandidateRow,
  averageWords: number,
) {
  const { lexeme, idf } = terms[place] ?? { lexeme: '', idf: 0 };
  return { lexeme, idf, frequency, score: termScore(idf, frequency, row.word_count, averageWords) };
}
