import type { Database } from '../../../platform/database/database.ts';
import { type Forgetter, inTenant } from '../../tenancy/index.ts';
import { chatErrors } from '../chat.errors.ts';
import { assertOwnSession } from '../chat.policy.ts';
import { countAwaited, passOverAwaited } from '../run/ended-runs.store.ts';
import { findSession } from '../session.store.ts';
import * as store from './target.store.ts';

/** Sessions that one transaction deletes, each with hundreds of events. */
const SESSIONS = 10;
/** Stretches of events of one look. */
const STRETCHES = 200;

/** Forgets sessions with messages, runs, events, feedback and attachments, and takes quotes of memories out of other events. */
export function createChatForgetter({ database }: { database: Database }): Forgetter {
  return {
    refusals: {
      session: async (trx, principal, id) => assertOwnSession(principal, await findSession(trx, id)),
      message: async (trx, principal, id) => {
        const owner = await store.ownerOfMessage(trx, id);
        if (!owner) throw chatErrors.messageNotFound();
        assertOwnSession(principal, owner);
      },
    },

    count: async (trx, target) => {
      if (target.kind === 'message') return store.countMessages(trx, target.ids);
      if (target.kind === 'memories') return { unremembered_runs: await countAwaited(trx, target.ids) };
      return store.countSessionsOf(trx, target);
    },

    forget: async (trx, _tenant, target) => {
      if (target.kind === 'message') return { counts: await store.deleteMessages(trx, target.ids) };
      // The chats stay, but what they have yet to give to memory they keep.
      if (target.kind === 'memories') return { counts: { unremembered_runs: await passOverAwaited(trx, target.ids) } };
      const counts = await store.deleteSessionsOf(trx, target, SESSIONS);
      if (counts.sessions > 0 || target.kind !== 'user') return { counts };
      return { counts: { feedback: await store.deleteFeedbackOf(trx, target.ids) } };
    },

    finish: async (tenant, targets, signal) => {
      const memoryIds = [...new Set(targets.flatMap((target) => target.memoryIds))];
      let unquoted = 0;
      let after: store.StretchPlace | null = null;
      for (let left = memoryIds.length > 0; left; left = after !== null) {
        signal.throwIfAborted();
        const page: store.StretchPage = { after, limit: STRETCHES };
        const looked = await inTenant(database, tenant, (trx) => store.unquote(trx, memoryIds, page));
        unquoted += looked.changed;
        after = looked.last;
      }
      return { quotes_in_events: unquoted };
    },
  };
}
