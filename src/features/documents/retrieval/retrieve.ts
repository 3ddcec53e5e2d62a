import type { Tenant } from '../../tenancy/index.ts';
import { inTenant } from '../../tenancy/index.ts';
import type { Payer } from '../../usage/index.ts';
import { coverageOf, ENOUGH_SIMILARITY, enoughCoverage } from './evidence.ts';
import type { DocumentFilter } from './filter.store.ts';
import { findLeadingHits } from './hit.store.ts';
import { findOccurrences } from './lexical.store.ts';
import { type PassageLimits, type RetrievedPassage, toPassages } from './passages.ts';
import { type HistoryMessage, type Route, type RoutedQuery, routeQuery } from './route-query.ts';
import {
  type CorpusReader,
  type Hit,
  type SearchDependencies,
  type SearchMode,
  type SearchResult,
  searchDocuments,
} from './search.ts';

export type RetrievalContext = {
  tenant: Tenant;
  signal: AbortSignal;
  payer?: Payer;
  /** Where it was asked for beforehand; otherwise it is now. */
  corpus?: ReturnType<CorpusReader>;
};
export type RetrievalOptions = { mode?: SearchMode; topK?: number; filter?: RetrievalFilter };
/** As clients name it. */
export type RetrievalFilter = {
  document_ids?: readonly string[] | undefined;
  source_ids?: readonly string[] | undefined;
  metadata?: Readonly<Record<string, unknown>> | undefined;
};

export type Retrieval = {
  /** What was searched for. */
  query: string;
  route: Route;
  /** The search that was done; `none` for a greeting, `lead` for the beginnings of documents. */
  strategy: SearchMode | 'lead' | 'none';
  hits: readonly { chunk_id: string; document_id: string; title: string; score: number }[];
  /** Null when nothing was searched for, empty when nothing that was found answers. */
  passages: readonly RetrievedPassage[] | null;
};

/** Passages and tokens that a kind of question gets. */
const LIMITS: Record<Route, PassageLimits> = {
  greeting: { count: 0, tokens: 0 },
  factual_qa: { count: 6, tokens: 2_000 },
  out_of_scope: { count: 4, tokens: 1_500 },
  conversational: { count: 5, tokens: 1_500 },
  clarification: { count: 5, tokens: 1_500 },
  multi_hop: { count: 10, tokens: 3_000 },
  summarization: { count: 16, tokens: 5_000 },
};

/** Hits that are looked at for each passage that is wanted: some are repeats. */
const CANDIDATES = 2;
const MAX_CANDIDATES = 100;
/** What covers less than this, compared with the best, is about something else. */
const WORTH_READING = 0.35;

/** Finds the evidence for a question. @throws ApiError as a search does */
export async function retrieve(
  deps: SearchDependencies,
  context: RetrievalContext,
  question: string,
  history: readonly HistoryMessage[],
  options: RetrievalOptions = {},
): Promise<Retrieval> {
  const routed = routeQuery(question, history);
  const { route, query } = routed;
  if (route === 'greeting') return { query, route, strategy: 'none', hits: [], passages: null };
  const limits = { ...LIMITS[route], ...(options.topK !== undefined && { count: options.topK }) };
  const filter = filterOf(options.filter ?? {});
  if (routed.asksForWhole) return retrieveLead(deps, context, routed, filter, limits);
  const input = {
    query,
    topK: Math.min(MAX_CANDIDATES, limits.count * CANDIDATES),
    mode: options.mode ?? ('hybrid' as const),
    filter,
  };
  const result = await searchDocuments(deps, context.tenant, input, context.signal);
  const hits = await withEvidence(deps, context.tenant, result);
  return {
    query,
    // A document that answers is in scope, whatever the question sounds like.
    route: route === 'out_of_scope' && hits.length > 0 ? 'factual_qa' : route,
    strategy: result.modeUsed,
    hits: hits.slice(0, limits.count).map(presentHit),
    passages: toPassages(hits, limits),
  };
}

/** A question about documents as a whole is answered from their beginnings. */
async function retrieveLead(
  { database }: SearchDependencies,
  { tenant }: RetrievalContext,
  { route, query }: RoutedQuery,
  filter: DocumentFilter,
  limits: PassageLimits,
): Promise<Retrieval> {
  const rows = await inTenant(database, tenant, (trx) => findLeadingHits(trx, filter, limits.count));
  const hits = rows.map((row) => ({ ...row, score: 1, scores: {} }));
  return { query, route, strategy: 'lead', hits: hits.map(presentHit), passages: toPassages(hits, limits) };
}

/** Hits that cover enough of the question, or are near enough to it; none, when not even the best does. */
async function withEvidence({ database }: SearchDependencies, tenant: Tenant, result: SearchResult): Promise<Hit[]> {
  const { hits, lexical } = result;
  if (hits.length === 0) return [];
  const numbers = hits.map(({ number }) => number);
  const lexemes = lexical.planned.map(({ lexeme }) => lexeme);
  const occurrences = await inTenant(database, tenant, (trx) => findOccurrences(trx, numbers, lexemes));
  const coverage = coverageOf(lexical, occurrences);
  const covers = ({ number }: Hit) => coverage.get(number) ?? 0;
  const isNear = ({ scores }: Hit) => (scores.dense ?? 0) >= ENOUGH_SIMILARITY;
  const best = Math.max(0, ...hits.map(covers));
  const least = best >= enoughCoverage(lexical) ? best * WORTH_READING : Number.POSITIVE_INFINITY;
  return hits.filter((hit) => covers(hit) >= least || isNear(hit));
}

function presentHit({ id, document_id, title, score }: Hit) {
  return { chunk_id: id, document_id, title, score };
}

function filterOf({ document_ids: documentIds, source_ids: sourceIds, metadata }: RetrievalFilter): DocumentFilter {
  return { documentIds, sourceIds, metadata };
}
