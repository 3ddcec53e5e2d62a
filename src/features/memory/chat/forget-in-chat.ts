import { asksFor, valueKey } from '../../../lib/memory/facts.ts';
import type { ForgetRequest } from '../../../lib/memory/forget.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import { inTenant, type Tenant, type Forgetting as TenantForgetting } from '../../tenancy/index.ts';
import { type FactRow, listFacts } from '../facts/fact.store.ts';
import type { RecallService } from '../recall/recall.service.ts';
import { idsOfMessages } from '../remember/deletion.store.ts';
import type { AskingRun } from './asking-run.ts';

type Dependencies = {
  database: Database;
  clock: Clock;
  recall: RecallService;
  /** The service of all forgetting: what is forgotten here stays so, and has a receipt. */
  forgetting: Pick<TenantForgetting, 'forgetWithin'>;
  /** The messages of the run before this one, which from now on is not remembered. */
  passOverPrevious(trx: TenantTransaction, sessionId: string, runId: string): Promise<string[]>;
  changed(tenant: Tenant): void;
};

export type Forgetting = {
  /** Does what is asked, and says so in words for the person. */
  forget(tenant: Tenant, run: AskingRun, request: ForgetRequest, signal: AbortSignal): Promise<string>;
};

const MOST_FACTS = 500;
const MOST_MEMORIES = 20;
/** All that the topic's words tell must be in a memory: what only resembles it is kept. */
const WHOLE_COVERAGE = 0.999;

export function createForgetting(deps: Dependencies): Forgetting {
  const { database, clock, recall, passOverPrevious, changed } = deps;

  async function forgetAll(
    trx: TenantTransaction,
    tenant: Tenant,
    run: AskingRun,
    meant: { memories: readonly string[]; facts: readonly string[] },
  ): Promise<{ memories: number; facts: number }> {
    const gone = { memories: 0, facts: 0 };
    const targets = [
      ...meant.memories.map((id) => ({ kind: 'memory', id }) as const),
      ...meant.facts.map((id) => ({ kind: 'fact', id }) as const),
    ];
    for (const target of targets) {
      const { done } = await deps.forgetting.forgetWithin(trx, tenant, target, run.userId);
      gone.memories += done.memories ?? 0;
      gone.facts += done.facts ?? 0;
    }
    return gone;
  }

  async function forgetLast(tenant: Tenant, run: AskingRun): Promise<string> {
    await inTenant(database, tenant, async (trx) => {
      const messages = await passOverPrevious(trx, run.sessionId, run.id);
      await forgetAll(trx, tenant, run, { memories: await idsOfMessages(trx, messages), facts: [] });
    });
    return 'I have forgotten what you said last, and my answer to it. It stays in this conversation, but not in my memory.';
  }

  async function forgetAbout(tenant: Tenant, run: AskingRun, topic: string, signal: AbortSignal): Promise<string> {
    const subject = run.subject === '' ? {} : { subject: run.subject };
    const who = { tenant, userId: run.userId, apiKeyId: run.apiKeyId };
    const body = { query: topic, top_k: MOST_MEMORIES, scope: 'private' as const, explain: true, ...subject };
    const { items } = await recall.recall(who, body, signal);
    const same = items.filter(({ explanation }) => (explanation?.coverage ?? 0) >= WHOLE_COVERAGE);
    const { memories, facts } = await inTenant(database, tenant, async (trx) => {
      const owners = [{ userId: run.userId, subject: run.subject }];
      const known = await listFacts(trx, { owners, at: clock.now(), limit: MOST_FACTS });
      const meant = known.filter((fact) => isMeant(fact, topic));
      const ids = new Set([
        ...same.map(({ message_id }) => message_id),
        ...meant.flatMap(({ message_id }) => message_id ?? []),
      ]);
      return forgetAll(trx, tenant, run, { memories: [...ids], facts: meant.map(({ id }) => id) });
    });
    if (memories + facts === 0) return 'I found nothing about that in my memory, so there was nothing to forget.';
    return `I have forgotten that: ${count(memories, 'memory', 'memories')} and ${count(facts, 'fact', 'facts')} are gone.`;
  }

  return {
    async forget(tenant, run, request, signal) {
      if (request.what === 'everything') {
        return 'I do not forget everything on a word. The page “Memory” shows all that I remember of you, and deletes it.';
      }
      const done =
        request.what === 'last' ? await forgetLast(tenant, run) : await forgetAbout(tenant, run, request.topic, signal);
      changed(tenant);
      return done;
    },
  };
}

/** "my name", "that I live in Oslo", "that my sister is Eva". */
function isMeant(fact: FactRow, topic: string): boolean {
  const said = topic.toLowerCase();
  // Word by word: who wants the Oslofjord forgotten does not mean Oslo.
  if (` ${valueKey(topic)} `.includes(` ${fact.value_key} `)) return true;
  const namesAttribute = asksFor(`what is ${topic}`, fact) || asksFor(`what is my ${topic.replace(/^my /i, '')}`, fact);
  return namesAttribute && !/\b(?:is|are|in|at)\b/.test(said);
}

function count(found: number, one: string, many: string): string {
  return `${found} ${found === 1 ? one : many}`;
}
