import type { Database } from '../../../platform/database/database.ts';
import { type Forgetter, type ForgottenTarget, subjectOf } from '../forgetting/forgetter.ts';
import { inTenant } from '../tenancy.service.ts';
import type { Tenant } from '../tenant.ts';
import * as store from './idempotency.store.ts';
import type { AnswerSeal } from './sealed-answer.ts';

const BATCH = 200;

/** Answers that are kept for repeats may hold what is forgotten. They are opened, one by one, and those that do are emptied:
 * the request is still known, so that its repeat does not do the work again. */
export function createAnswerForgetter(
  database: Database,
  seal: AnswerSeal,
  contextOf: (request: { tenant: Tenant; subject: string; key: string }) => string,
): Forgetter {
  function holds(answer: store.StoredAnswer, tenant: Tenant, targets: readonly ForgottenTarget[]): boolean {
    if (targets.some(({ kind, ids }) => kind === 'user' && ids.some((id) => answer.subject === `user:${id}`)))
      return true;
    const text = opened(answer, tenant);
    // What cannot be opened any more can be given to nobody either.
    return text === null || targets.some((target) => mentions(text, target));
  }

  function opened({ subject, key, answer }: store.StoredAnswer, tenant: Tenant): string | null {
    try {
      return JSON.stringify(seal.open(answer, contextOf({ tenant, subject, key })));
    } catch {
      return null;
    }
  }

  return {
    count: async () => ({}),
    forget: async () => ({ counts: {} }),
    finish: async (tenant, targets, signal) => {
      let emptied = 0;
      let after: store.RequestId | null = null;
      for (let left = true; left; ) {
        signal.throwIfAborted();
        const page: { after: store.RequestId | null; limit: number } = { after, limit: BATCH };
        const answers: store.StoredAnswer[] = await inTenant(database, tenant, (trx) => store.listAnswers(trx, page));
        const held = answers.filter((answer) => holds(answer, tenant, targets));
        if (held.length > 0) await inTenant(database, tenant, (trx) => store.emptyAnswers(trx, held));
        emptied += held.length;
        after = answers.at(-1) ?? null;
        left = answers.length === BATCH;
      }
      return { idempotent_answers: emptied };
    },
  };
}

function mentions(text: string, { kind, ids, memoryIds }: ForgottenTarget): boolean {
  if (memoryIds.some((id) => text.includes(id))) return true;
  // The user's id stands in much that is no memory.
  if (kind === 'memories') return false;
  if (kind !== 'subject') return ids.some((id) => text.includes(id));
  return ids.some((id) => text.includes(`"subject":${JSON.stringify(subjectOf(id).subject)}`));
}
