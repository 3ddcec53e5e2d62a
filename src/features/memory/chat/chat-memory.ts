import { asksFor, factSentence } from '../../../lib/memory/facts.ts';
import { forgetRequestOf } from '../../../lib/memory/forget.ts';
import { packWithin, tokensOf } from '../../../lib/memory/packing.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Database } from '../../../platform/database/database.ts';
import { inTenant, type Tenant, type TenantSettings } from '../../tenancy/index.ts';
import { type FactRow, listFacts } from '../facts/fact.store.ts';
import { memorySettings } from '../memory-settings.schema.ts';
import type { RecallBody, RecallItem } from '../recall/recall.schema.ts';
import { type RecallService, toldText } from '../recall/recall.service.ts';
import type { AskingRun } from './asking-run.ts';
import type { Forgetting } from './forget-in-chat.ts';

export type RecalledForChat = {
  items: readonly {
    kind: 'memory' | 'fact';
    message_id: string | null;
    content: string;
    role: 'user' | 'assistant' | 'system';
    created_at: string;
    score: number;
  }[];
  forgotten: string | null;
};

type Dependencies = {
  database: Database;
  clock: Clock;
  settings: Pick<TenantSettings, 'read'>;
  recall: RecallService;
  forgetting: Forgetting;
};

export type ChatMemory = ReturnType<typeof createChatMemory>;

const TOP_K = 8;
const MOST_FACTS = 500;
const MOST_USED_FACTS = 12;
/** Share of what the question's words tell that a memory must have, or how near it must be by meaning, to be put before a
 * model: the best of a search may still have nothing to do with the question. */
const LEAST_COVERAGE = 0.5;
const LEAST_COSINE = 0.6;

/** What memory gives to an answer, and what a question asks of memory itself. */
export function createChatMemory({ database, clock, settings, recall, forgetting }: Dependencies) {
  async function factsFor(tenant: Tenant, run: AskingRun, question: string): Promise<FactRow[]> {
    // Of the person who asks: what is shared with the tenant is nobody's name or home.
    const owners = [{ userId: run.userId, subject: run.subject }];
    const facts = await inTenant(database, tenant, (trx) =>
      listFacts(trx, { owners, at: clock.now(), limit: MOST_FACTS }),
    );
    return facts.filter((fact) => asksFor(question, fact)).slice(0, MOST_USED_FACTS);
  }

  /** What searches find for the run's person, but for what its own session has said. */
  async function found(tenant: Tenant, run: AskingRun, body: Omit<RecallBody, 'subject'>, signal: AbortSignal) {
    const who = { tenant, userId: run.userId, apiKeyId: run.apiKeyId };
    const whole = { ...body, ...(run.subject !== '' && { subject: run.subject }) };
    // The session's own messages are before the model anyhow, and must not take the places of others.
    const options = { withoutNoise: true, exceptSessionId: run.sessionId };
    return (await recall.recall(who, whole, signal, options)).items;
  }

  return {
    /** What a model looks for by itself, best first; null where the tenant lets nothing be recalled. */
    async search(
      tenant: Tenant,
      query: string,
      run: AskingRun,
      topK: number,
      signal: AbortSignal,
    ): Promise<RecalledForChat['items'] | null> {
      if (!(await settings.read(tenant, memorySettings.recall))) return null;
      const facts = (await factsFor(tenant, run, query)).map(factItem);
      const memories = await found(tenant, run, { query, top_k: topK }, signal);
      return [...facts, ...memories.map(memoryItem)].slice(0, topK);
    },

    async recall(tenant: Tenant, question: string, run: AskingRun, signal: AbortSignal): Promise<RecalledForChat> {
      const request = forgetRequestOf(question);
      if (request) return { items: [], forgotten: await forgetting.forget(tenant, run, request, signal) };
      if (!(await settings.read(tenant, memorySettings.recall))) return { items: [], forgotten: null };
      const budget = await settings.read(tenant, memorySettings.recall_budget_tokens);
      const facts = packWithin((await factsFor(tenant, run, question)).map(factItem), budget);
      const left = budget - facts.reduce((sum, { content }) => sum + tokensOf(content), 0);
      const body = {
        query: question.slice(0, 2_000).toWellFormed(),
        top_k: TOP_K,
        budget_tokens: Math.max(1, left),
        explain: true,
      };
      const memories = (await found(tenant, run, body, signal)).filter(fits);
      return { items: [...facts, ...memories.map(memoryItem)], forgotten: null };
    },
  };
}

function fits({ explanation }: RecallItem): boolean {
  if (!explanation) return false;
  return explanation.coverage >= LEAST_COVERAGE || (explanation.cosine ?? 0) >= LEAST_COSINE;
}

function factItem(fact: FactRow): RecalledForChat['items'][number] {
  return {
    kind: 'fact',
    message_id: fact.message_id,
    content: factSentence(fact),
    role: 'user',
    created_at: fact.valid_from.toISOString(),
    score: 1,
  };
}

function memoryItem(item: RecallItem): RecalledForChat['items'][number] {
  const { message_id, role, created_at, score } = item;
  return { kind: 'memory', message_id, content: toldText(item), role, created_at, score: Math.min(1, score) };
}
