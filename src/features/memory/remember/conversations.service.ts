import type { Database } from '../../../platform/database/database.ts';
import { decodeCursor, pageOf } from '../../../platform/http/pagination.ts';
import type { Principal } from '../../identity/index.ts';
import { conversationId, type Forgetting, inTenant } from '../../tenancy/index.ts';
import { memoryErrors } from '../memory.errors.ts';
import type { ConversationQuery, ConversationStats, ConversationView } from '../memory.schema.ts';
import { type ConversationRow, listConversations, readConversationStats } from './conversation.store.ts';
import { deleteMemories, findOfConversation } from './deletion.store.ts';
import { findSpaces } from './memory.store.ts';
import type { Spaces } from './spaces.ts';

export type ConversationService = ReturnType<typeof createConversationService>;

type Dependencies = {
  database: Database;
  spaces: Spaces;
  forgetting: Pick<Forgetting, 'entomb' | 'finishWithin'>;
  /** Whether cold storage has anything of a tenant. */
  hasCold(tenant: Principal['tenant']): Promise<boolean>;
  changed(tenant: Principal['tenant']): void;
};

/** Memories that one transaction deletes: some 10,000 postings, about 0.1 s. */
const DELETION_BATCH = 200;

/** What is remembered, by the conversation in which it was said: own sessions and those of other programs alike. */
export function createConversationService(deps: Dependencies) {
  const { database, spaces, forgetting, changed } = deps;
  const within = <T>(
    principal: Principal,
    subject: string | undefined,
    work: (trx: Parameters<typeof findSpaces>[0], spaceIds: number[]) => Promise<T>,
  ) =>
    inTenant(database, principal.tenant, async (trx) =>
      work(trx, await findSpaces(trx, [spaces.ownerOf(principal, { subject })])),
    );

  return {
    async list(principal: Principal, query: ConversationQuery) {
      const limit = query.limit ?? 20;
      const before = query.cursor === undefined ? null : readCursor(query.cursor);
      const rows = await within(principal, query.subject, (trx, spaceIds) =>
        listConversations(trx, spaceIds, { limit: limit + 1, before }),
      );
      return pageOf(rows, limit, conversationView, (row) => [row.last_message_at.toISOString(), row.conversation_id]);
    },

    async stats(principal: Principal, id: string, subject: string | undefined): Promise<ConversationStats> {
      const row = await within(principal, subject, (trx, spaceIds) => readConversationStats(trx, spaceIds, id));
      if (!row) throw memoryErrors.conversationNotFound();
      return {
        conversation_id: id,
        ...row,
        first_message_at: row.first_message_at.toISOString(),
        last_message_at: row.last_message_at.toISOString(),
      };
    },

    /** Deletes all that is remembered of a conversation, in short transactions; what was moved to cold storage, which has no
     * index, goes by a job. Returns how many memories searches find no more. */
    async remove(principal: Principal, id: string, subject: string | undefined, signal: AbortSignal): Promise<number> {
      const { tenant, userId } = principal;
      const target = {
        kind: 'conversation' as const,
        id: conversationId(spaces.ownerOf(principal, { subject }), id),
      };
      let deleted = 0;
      for (let batch = DELETION_BATCH; batch === DELETION_BATCH; ) {
        signal.throwIfAborted();
        batch = await within(principal, subject, async (trx, spaceIds) => {
          const found = await findOfConversation(trx, spaceIds, id, DELETION_BATCH);
          const ids = found.map((memory) => memory.id);
          if (ids.length === 0) return 0;
          await forgetting.entomb(trx, tenant, { kind: 'memory', ids });
          const gone = await deleteMemories(
            trx,
            found.map(({ number }) => number),
          );
          const counts = { memories: gone.memories, memory_postings: gone.postings, memory_vectors: gone.vectors };
          const deletedRows = { counts: { ...counts, facts: gone.facts }, memoryIds: ids };
          await forgetting.finishWithin(trx, tenant, target, userId, deletedRows);
          return gone.memories;
        });
        deleted += batch;
      }
      if (deleted === 0) {
        // All of it may have been moved there.
        if (!(await deps.hasCold(tenant))) throw memoryErrors.conversationNotFound();
        const nothing = { counts: {}, memoryIds: [] };
        await inTenant(database, tenant, (trx) => forgetting.finishWithin(trx, tenant, target, userId, nothing));
      }
      changed(principal.tenant);
      return deleted;
    },
  };
}

function conversationView(row: ConversationRow): ConversationView {
  return { ...row, last_message_at: row.last_message_at.toISOString() };
}

function readCursor(cursor: string): { lastMessageAt: Date; id: string } {
  const [lastMessageAt, id] = decodeCursor(cursor, ['time', 'string'] as const);
  return { lastMessageAt, id };
}
