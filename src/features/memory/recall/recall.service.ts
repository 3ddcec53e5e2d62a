import type { Embedder } from '../../../ai/embedder.ts';
import { packWithin, tokensOf } from '../../../lib/memory/packing.ts';
import { RECALL_WEIGHTS, type RecallWeights } from '../../../lib/memory/scores.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import type { RedisConnection } from '../../../platform/redis/redis.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import type { Principal } from '../../identity/index.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import type { Meter } from '../../usage/index.ts';
import { assertOwnTenant } from '../remember/remember.service.ts';
import { cacheKey, createCandidateCache } from './candidate-cache.ts';
import { createQueryVectors } from './query-vectors.ts';
import type { Explanation, RecallBody, RecallItem, RecallView } from './recall.schema.ts';
import { type ContentRow, readContents } from './recall.store.ts';
import { type Ranked, type Ranking, rankMemories } from './recall.ts';
import type { Recaller } from './recaller.ts';

export type RecallDependencies = {
  database: Database;
  servingEmbedder(tenant: Tenant): Embedder | null;
  meter: Meter;
  clock: Clock;
  /** Null: each process remembers by itself what questions found. */
  redis?: RedisConnection | null;
  log: Logger;
  metrics: Metrics;
  weightsOf(tenant: Tenant): Promise<RecallWeights>;
};

export type RecallOptions = {
  withoutNoise?: boolean;
  wordsOnly?: boolean;
  useCache?: boolean;
  /** What was said in this session is left out. */
  exceptSessionId?: string;
};

export type RecallService = ReturnType<typeof createRecallService>;

const DEFAULT_TOP_K = 5;
/** Hits whose content is read, for each that is asked for: some say the same, some do not fit. */
const SPARE = 3;
/** A memory of fewer words is shown with the turn before it. */
const SHORT_WORDS = 6;

export function createRecallService(deps: RecallDependencies) {
  const { database, clock, metrics } = deps;
  const vectors = createQueryVectors(deps);
  const cache = createCandidateCache(deps);

  async function recall(
    who: Recaller,
    body: RecallBody,
    signal: AbortSignal,
    { withoutNoise = false, wordsOnly = false, useCache = false, exceptSessionId }: RecallOptions = {},
  ): Promise<RecallView> {
    const began = performance.now();
    const vector = wordsOnly ? null : await vectors.of(who, body.query, signal);
    const asOf = body.as_of === undefined ? undefined : new Date(body.as_of);
    const input = {
      query: body.query,
      owners: ownersOf(who, body),
      filter: { ...filterOf(body), asOf, withoutNoise, exceptSessionId },
      weights: (await deps.weightsOf(who.tenant)) ?? RECALL_WEIGHTS,
      now: asOf ?? clock.now(),
      vector,
    };
    const key = useCache ? cacheKey(who.tenant.id, input) : null;
    const known = key === null ? null : await cache.get(key);
    const { view, candidates } = await inTenant(database, who.tenant, async (trx) => {
      const ranking = await rankMemories(trx, { ...input, known });
      const shown = present(ranking, await contentsOf(trx, ranking, body), body, input.weights);
      return { view: shown, candidates: ranking.candidates };
    });
    if (key !== null && candidates !== null && candidates.version !== known?.version) cache.set(key, candidates);
    const modeUsed = vector === null ? 'words' : 'hybrid';
    metrics.recalls.observe({ mode: modeUsed }, (performance.now() - began) / 1000);
    return { ...view, mode_used: modeUsed };
  }

  return {
    recall,
    forgetQuestions: () => {
      vectors.clear();
      cache.clear();
    },
    /** Whether a search looks for meaning besides words. */
    hasMeaning: ({ tenant }: Pick<Recaller, 'tenant'>) => deps.servingEmbedder(tenant) !== null,
    /** As `recall`, for a request. @throws ApiError ERR_MEMORY_004 */
    async search(principal: Principal, body: RecallBody, signal: AbortSignal): Promise<RecallView> {
      assertOwnTenant(principal, body.tenant_id);
      return recall(principal, body, signal, { useCache: true });
    },
  };
}

function ownersOf({ userId }: Recaller, { subject = '', scope = 'all' }: RecallBody) {
  const own = { userId, subject };
  const shared = { userId: null, subject: '' };
  if (scope === 'private') return [own];
  return scope === 'shared' ? [shared] : [own, shared];
}

function filterOf(body: RecallBody) {
  return {
    conversationId: body.conversation_id,
    sessionId: body.session_id,
    roles: body.role === undefined ? undefined : [body.role],
    from: body.from === undefined ? undefined : new Date(body.from),
    to: body.to === undefined ? undefined : new Date(body.to),
    metadata: body.metadata,
    importanceMin: body.importance_min,
  };
}

async function contentsOf(
  trx: TenantTransaction,
  { ranked }: Ranking,
  body: RecallBody,
): Promise<Map<number, ContentRow>> {
  const wanted = ranked.slice(0, SPARE * (body.top_k ?? DEFAULT_TOP_K) + 20);
  const before = wanted.flatMap(({ wordCount, before: turn }) =>
    wordCount < SHORT_WORDS && turn !== null ? turn : [],
  );
  const numbers = [...new Set([...wanted.map(({ number }) => number), ...before])];
  const rows = numbers.length === 0 ? [] : await readContents(trx, numbers);
  return new Map(rows.map((row) => [row.number, row]));
}

function present(
  { ranked, averageWords, time }: Ranking,
  contents: ReadonlyMap<number, ContentRow>,
  body: RecallBody,
  weights: RecallWeights,
): Omit<RecallView, 'mode_used'> {
  const cosines = ranked.flatMap(({ similarity }) => similarity.cosine ?? []);
  const bestCosine = cosines.length === 0 ? null : Math.max(...cosines);
  const items = ranked.flatMap((one): RecallItem[] => {
    const row = contents.get(one.number);
    if (!row) return [];
    const item = itemOf(one, row, contents);
    return [body.explain ? { ...item, explanation: explain(one, weights, averageWords, bestCosine) } : item];
  });
  const topK = body.top_k ?? DEFAULT_TOP_K;
  const packed = (body.budget_tokens === undefined ? items : packWithin(items, body.budget_tokens, toldText)).slice(
    0,
    topK,
  );
  return {
    total: packed.length,
    items: packed,
    time: time && { from: time.from.toISOString(), to: time.to.toISOString(), words: time.words },
  };
}

function itemOf(one: Ranked, row: ContentRow, contents: ReadonlyMap<number, ContentRow>): RecallItem {
  const turn = one.wordCount < SHORT_WORDS && one.before !== null ? contents.get(one.before) : undefined;
  return {
    message_id: row.superseded_by ?? row.id,
    score: one.score,
    similarity: one.similarity.similarity,
    decay: one.decay,
    importance: one.importance,
    content: row.content,
    role: row.role,
    scope: row.user_id === null ? 'shared' : 'private',
    session_id: row.session_id,
    conversation_id: row.conversation_id,
    created_at: row.created_at.toISOString(),
    metadata: row.metadata,
    preceded_by: turn ? { role: turn.role, content: cut(turn.content) } : null,
  };
}

/** All that is told of a memory: one that is too short to stand alone comes with the turn before it. */
export function toldText({ content, preceded_by: before }: Pick<RecallItem, 'content' | 'preceded_by'>): string {
  return before ? `(${before.role}: ${before.content}) ${content}` : content;
}

const LONGEST_TURN_TOKENS = 100;

function cut(content: string): string {
  if (tokensOf(content) <= LONGEST_TURN_TOKENS) return content;
  return `${content.slice(0, 4 * LONGEST_TURN_TOKENS).toWellFormed()}…`;
}

function explain(one: Ranked, weights: RecallWeights, averageWords: number, bestCosine: number | null): Explanation {
  const { words, roleFactor, context, bestLexical, cosine } = one.similarity;
  return {
    weights,
    age_seconds: one.ageMs / 1000,
    time_factor: one.timeFactor,
    words,
    role_factor: roleFactor,
    context,
    best_lexical: bestLexical,
    cosine,
    best_cosine: bestCosine,
    coverage: one.coverage,
    word_count: one.wordCount,
    average_words: averageWords,
    terms: [...one.terms],
  };
}
