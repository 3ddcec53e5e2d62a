import type { Embedder } from '../../../ai/embedder.ts';
import { fuse } from '../../../lib/fusion/weighted-min-max.ts';
import type { Database, DatabaseKind, TenantTransaction } from '../../../platform/database/database.ts';
import { ApiError } from '../../../platform/http/errors.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import { gathered, inTenant, queryTenant, type Tenant } from '../../tenancy/index.ts';
import { documentErrors } from '../documents.errors.ts';
import { widenUntilEnough } from './candidates.ts';
import { findNearest, findNearestWithin } from './dense.store.ts';
import { type DocumentFilter, findChunkRanges, isEmptyFilter } from './filter.store.ts';
import { findHits, type HitRow } from './hit.store.ts';
import {
  type ChunkRange,
  corpusOf,
  corpusQuery,
  type IndexedCorpus,
  type LanguageShare,
  type ScoredChunk,
  versionOf,
} from './lexical.store.ts';
import { analyzeQuery, emptyQuery, type LexicalQuery, searchLexically } from './lexical-search.ts';
import { type FoundChunks, type SearchCache, searchKey } from './search-cache.ts';

export type SearchMode = 'hybrid' | 'dense' | 'sparse';

export type SearchDependencies = {
  database: Database;
  embedder: Embedder | null;
  log: Logger;
  metrics: Metrics;
  /** What a tenant's corpus is now. */
  readCorpus: CorpusReader;
  cache: SearchCache;
};

export type CorpusReader = (tenant: Tenant) => Promise<readonly LanguageShare[]>;

export type SearchInput = {
  query: string;
  /** 1 to 100. */
  topK: number;
  mode: SearchMode;
  filter: DocumentFilter;
};

/** `sparse` is the BM25 score, `dense` the cosine; absent where that search did not find the chunk. */
export type Hit = HitRow & { score: number; scores: { dense?: number; sparse?: number } };

export type SearchResult = {
  hits: Hit[];
  /** What was done in the end: hybrid is sparse where there is no vector of the query. */
  modeUsed: SearchMode;
  lexical: LexicalQuery;
};

/** How much meaning and words count in a hybrid search, and the lowest score that each can give. */
const FUSION = {
  dense: { weight: 0.5, floor: -1 },
  sparse: { weight: 0.5, floor: 0 },
} as const;

/** Hits that each search gives to a fusion, for each hit that is asked for. */
const FUSION_DEPTH = 4;
const MIN_FUSION_DEPTH = 50;
/** Up to so many documents a filter is applied to what is read, beyond that to the candidates. */
const MAX_FILTERED_DOCUMENTS = 500;

/**
 * Searches a tenant's ready documents.
 * @throws ApiError ERR_DOCUMENT_009 for mode dense without an embedding model, ERR_DOCUMENT_010 when it fails
 */
export async function searchDocuments(
  deps: SearchDependencies,
  tenant: Tenant,
  input: SearchInput,
  signal: AbortSignal,
): Promise<SearchResult> {
  const stop = deps.metrics.searches.startTimer();
  const vector = await embedQuery(deps, input, signal);
  const modeUsed = vector === null ? 'sparse' : input.mode;
  const shares = await deps.readCorpus(tenant);
  const searched = { ...input, mode: modeUsed };
  const found = await findKnown(deps, tenant, searched, { shares, vector });
  stop({ mode: modeUsed });
  return { ...found, modeUsed };
}

/** Asks what the corpus is now, once for all who want to know it at the same time. Nobody is given what was read before they
 * asked: a document that is ready is found. */
export function corpusReader(database: Database): CorpusReader {
  const ask = gathered<null, readonly LanguageShare[]>(async (tenant, entries) => {
    const [value] = await queryTenant<[LanguageShare]>(database, tenant, corpusQuery);
    return entries.map(() => ({ status: 'fulfilled', value }) as const);
  });
  return (tenant) => ask(tenant, null);
}

type Corpora = { shares: readonly LanguageShare[]; vector: readonly number[] | null };

/** As `findIn`; what was found before is not looked for again, as long as the corpus is the same. */
async function findKnown(
  deps: SearchDependencies,
  tenant: Tenant,
  input: SearchInput,
  { shares, vector }: Corpora,
): Promise<Pick<SearchResult, 'hits' | 'lexical'>> {
  const [corpus, version] = [corpusOf(shares), versionOf(shares)];
  const key = searchKey(tenant, input, vector === null ? null : (deps.embedder?.id ?? null));
  const kept = key === null ? null : await deps.cache.found.get(key);
  const known = kept?.version === version ? kept : null;
  const { hits, lexical, ranked } = await findIn(deps, tenant, input, { corpus, vector, known });
  if (key !== null && known === null && ranked.length > 0) {
    deps.cache.found.set(key, { version, counts: lexical.counts, ranked });
  }
  return { hits, lexical };
}

async function findIn(
  { database, embedder }: SearchDependencies,
  tenant: Tenant,
  input: SearchInput,
  { corpus, vector, known }: { corpus: IndexedCorpus; vector: readonly number[] | null; known: FoundChunks | null },
): Promise<Pick<SearchResult, 'hits' | 'lexical'> & Pick<FoundChunks, 'ranked'>> {
  // A tenant without documents still asks: nothing more is read for it.
  if (corpus.textCount === 0) return { hits: [], lexical: emptyQuery(corpus), ranked: [] };
  return inTenant(database, tenant, async (trx) => {
    const lexical = await analyzeQuery(trx, input.query, corpus, known);
    const dense = vector && { vector, embedder: embedder?.id ?? '', kind: database.kind };
    const ranked = known?.ranked ?? (await rank(trx, lexical, dense, input));
    return { hits: await withText(trx, ranked), lexical, ranked };
  });
}

/** Null where the search is by words only. A hybrid search goes on without an embedder that fails, and says so. */
async function embedQuery(
  { embedder, log, cache }: SearchDependencies,
  { mode, query }: SearchInput,
  signal: AbortSignal,
): Promise<readonly number[] | null> {
  if (mode === 'sparse') return null;
  if (!embedder) {
    if (mode === 'hybrid') return null;
    const message = 'dense needs an embedding model: set EMBEDDING_MODEL, or use hybrid or sparse';
    throw documentErrors.noEmbedder(`mode ${message}`, { fields: [{ field: 'mode', message }] });
  }
  const key = `${embedder.id}\n${query}`;
  const known = cache.vectors.get(key);
  if (known) return known;
  try {
    const [vector] = await embedder.embed([query], signal);
    if (vector) {
      cache.vectors.set(key, vector);
      return vector;
    }
    throw new Error(`The embedder ${embedder.id} gave no vector.`);
  } catch (error) {
    signal.throwIfAborted();
    // Ours says what is wrong, such as a budget that is used up.
    if (mode === 'dense' && error instanceof ApiError) throw error;
    if (mode === 'dense') throw documentErrors.embedderFailed(undefined, { cause: error });
    log.warn({ err: error }, 'a search went on without the embedding model');
    return null;
  }
}

type Ranked = FoundChunks['ranked'][number];
type Vector = { vector: readonly number[]; embedder: string; kind: DatabaseKind };

async function rank(
  trx: TenantTransaction,
  lexical: LexicalQuery,
  dense: Vector | null,
  { topK, mode, filter }: SearchInput,
): Promise<Ranked[]> {
  const ranges = isEmptyFilter(filter) ? null : await findChunkRanges(trx, filter, MAX_FILTERED_DOCUMENTS);
  const isFused = mode === 'hybrid' && dense !== null;
  const hits = isFused ? Math.max(MIN_FUSION_DEPTH, topK * FUSION_DEPTH) : topK;
  const scope = { filter, ranges, hits };
  const sparseHits = mode === 'dense' ? [] : await searchLexically(trx, lexical, scope);
  const denseHits = dense === null ? [] : await searchVectors(trx, dense, scope);
  if (!isFused) return mode === 'dense' ? denseHits.map(denseOnly) : sparseHits.map(sparseOnly);
  return fuseHits(denseHits, sparseHits).slice(0, topK);
}

function searchVectors(
  trx: TenantTransaction,
  dense: Vector,
  { filter, ranges, hits }: { filter: DocumentFilter; ranges: readonly ChunkRange[] | null; hits: number },
): Promise<ScoredChunk[]> {
  const query = { vector: dense.vector, embedder: dense.embedder, filter, hits };
  if (ranges !== null) return findNearestWithin(trx, query);
  return widenUntilEnough(hits, (pool) => findNearest(trx, dense.kind, query, pool));
}

const denseOnly = ({ id, score }: ScoredChunk): Ranked => ({ id, score, scores: { dense: score } });
const sparseOnly = ({ id, score }: ScoredChunk): Ranked => ({ id, score, scores: { sparse: score } });

function fuseHits(denseHits: readonly ScoredChunk[], sparseHits: readonly ScoredChunk[]): Ranked[] {
  const dense = new Map(denseHits.map(({ id, score }) => [id, score]));
  const sparse = new Map(sparseHits.map(({ id, score }) => [id, score]));
  const fused = fuse([
    { ...FUSION.dense, scores: dense },
    { ...FUSION.sparse, scores: sparse },
  ]);
  return fused.map(({ id, score }) => {
    const [denseScore, sparseScore] = [dense.get(id), sparse.get(id)];
    const scores = {
      ...(denseScore !== undefined && { dense: denseScore }),
      ...(sparseScore !== undefined && { sparse: sparseScore }),
    };
    return { id, score, scores };
  });
}

async function withText(trx: TenantTransaction, ranked: readonly Ranked[]): Promise<Hit[]> {
  const ids = ranked.map(({ id }) => id);
  const rows = new Map((await findHits(trx, ids)).map((row) => [row.id, row]));
  return ranked.flatMap(({ id, score, scores }) => {
    const row = rows.get(id);
    return row ? [{ ...row, score, scores }] : [];
  });
}
