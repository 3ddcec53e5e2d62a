import type { Clock } from '../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../platform/database/database.ts';
import { decodeCursor, pageOf } from '../../platform/http/pagination.ts';
import { newId } from '../../platform/id.ts';
import type { Principal } from '../identity/index.ts';
import { type Forgetting, inTenant, type QuotaOf } from '../tenancy/index.ts';
import { endBelow, lockSession, turnTo } from './branch.store.ts';
import { chatErrors } from './chat.errors.ts';
import { assertOwnSession } from './chat.policy.ts';
import type { NewSession, SessionChange, SessionView } from './chat.schema.ts';
import { type ExpiredSessions, lifetimeOf } from './expired-sessions.ts';
import * as messages from './message.store.ts';
import { type MessageView, messageView, type PlacedMessageView, placedMessageView } from './message.ts';
import type { RunEngine } from './run/run-engine.ts';
import type { GivenMessage } from './run/run-to-save.ts';
import * as store from './session.store.ts';
import { takeSession } from './session-quota.ts';

export type Page = { limit?: number; cursor?: string };

/** A dialect that counts its sessions: at most so many of a user, without those that were not used for so many days. */
export type SessionQuota = { origin: string; most: number; idleDays: number };

const DEFAULT_LIMIT = 20;
const DAY_MS = 24 * 60 * 60 * 1000;

export type SessionDependencies = {
  database: Database;
  runs: Pick<RunEngine, 'drop'>;
  clock: Clock;
  expiredSessions: ExpiredSessions;
  quotaOf: QuotaOf;
  forgetting: Pick<Forgetting, 'forgetWithin'>;
};

export type SessionService = ReturnType<typeof createSessionService>;

/** Sessions and their messages. Every function takes the principal first and answers for its own sessions only. */
export function createSessionService(deps: SessionDependencies) {
  const { database, runs, clock, expiredSessions, quotaOf, forgetting } = deps;
  return {
    /** A session, empty or with messages that were said elsewhere. @throws ApiError ERR_TENANT_009 */
    async create(
      principal: Principal,
      { title, metadata }: NewSession,
      given: readonly GivenMessage[] = [],
    ): Promise<SessionView> {
      const lifetime = lifetimeOf(principal, false);
      const expiresAt = lifetime === null ? null : new Date(clock.now().getTime() + lifetime);
      const about = { title: title ?? null, metadata: metadata ?? {}, expiresAt };
      const session = { id: newId(), userId: principal.userId, ...about };
      const quota = await quotaOf(principal.tenant, 'sessions');
      const row = await inTenant(database, principal.tenant, async (trx) => {
        await takeSession(trx, quota);
        const inserted = await store.insertSession(trx, session);
        if (lifetime !== null) await expiredSessions.planDeletion(trx, principal.tenant, lifetime);
        const added = given.length > 0 ? await messages.insertMessages(trx, session.id, withIds(given)) : [];
        return sessionView({
          ...inserted,
          message_count: added.length,
          current_message_id: added.at(-1)?.id ?? null,
          active_run_id: null,
        });
      });
      return row;
    },

    /** An empty session, while the user has not too many of this dialect. @throws ApiError ERR_CHAT_020, ERR_TENANT_009 */
    async createCounted(principal: Principal, { origin, most, idleDays }: SessionQuota): Promise<SessionView> {
      const { tenant, userId } = principal;
      const since = new Date(clock.now().getTime() - idleDays * DAY_MS);
      const quota = await quotaOf(tenant, 'sessions');
      const row = await inTenant(database, tenant, async (trx) => {
        await store.lockSessionsOf(trx, userId);
        const count = await store.countSessionsOf(trx, userId, origin, since);
        if (count >= most)
          throw chatErrors.sessionLimit(`You have ${count} sessions; delete one before you begin another.`);
        await takeSession(trx, quota);
        return store.insertSession(trx, { id: newId(), userId, title: null, metadata: {}, origin });
      });
      return sessionView({ ...row, message_count: 0, current_message_id: null, active_run_id: null });
    },

    /** In the order in which they were begun. `after` is the id of the last one that was seen; it may be gone. */
    async listByBeginning(principal: Principal, page: { limit: number; order: 'asc' | 'desc'; after?: string }) {
      const { limit, order, after = null } = page;
      const rows = await inTenant(database, principal.tenant, (trx) =>
        store.listSessionsByBeginning(trx, principal.userId, { limit: limit + 1, order, after }),
      );
      return { data: rows.slice(0, limit).map(sessionView), has_more: rows.length > limit };
    },

    /** How many the user has. */
    async count(principal: Principal): Promise<number> {
      return inTenant(database, principal.tenant, (trx) => store.countSessions(trx, principal.userId));
    },

    async list(principal: Principal, { limit = DEFAULT_LIMIT, cursor }: Page) {
      const key = cursor === undefined ? null : decodeCursor(cursor, ['time', 'id'] as const);
      const before = key && { updatedAt: key[0], id: key[1] };
      const page = { limit: limit + 1, before };
      const rows = await inTenant(database, principal.tenant, (trx) => store.listSessions(trx, principal.userId, page));
      return pageOf(rows, limit, sessionView, ({ updated_at, id }) => [updated_at.toISOString(), id]);
    },

    async get(principal: Principal, id: string): Promise<SessionView> {
      const row = await inTenant(database, principal.tenant, (trx) => store.findSession(trx, id));
      assertOwnSession(principal, row);
      return sessionView(row as store.SessionSummaryRow);
    },

    /**
     * Renames a session, or turns it to another branch: to the one through the message that is named, at the end that was
     * used last.
     * @throws ApiError ERR_CHAT_001, 002, 005, 008
     */
    async update(
      principal: Principal,
      id: string,
      { current_message_id: messageId, ...change }: SessionChange,
    ): Promise<SessionView> {
      return inTenant(database, principal.tenant, async (trx) => {
        assertOwnSession(principal, await store.findSession(trx, id));
        if (messageId !== undefined) await turnTowards(trx, id, messageId);
        await store.updateSession(trx, id, change);
        return sessionView((await store.findSession(trx, id)) as store.SessionSummaryRow);
      });
    },

    /** Forgets a session with its messages, runs and events, and all that memory has of it. */
    async remove(principal: Principal, id: string): Promise<void> {
      const { tenant, userId } = principal;
      const runIds = await inTenant(database, tenant, async (trx) => {
        assertOwnSession(principal, await store.findSession(trx, id));
        const unfinished = await store.lockUnfinishedRuns(trx, id);
        await forgetting.forgetWithin(trx, tenant, { kind: 'session', id }, userId);
        return unfinished;
      });
      await runs.drop(runIds);
    },

    /** Adds messages that were said elsewhere. Refused while a run answers: its answer would come behind them. */
    async addMessages(principal: Principal, id: string, given: readonly GivenMessage[]): Promise<MessageView[]> {
      const rows = await inTenant(database, principal.tenant, async (trx) => {
        assertOwnSession(principal, await store.findSession(trx, id));
        const added = await messages.insertMessages(trx, id, withIds(given));
        await assertNoRun(trx, id);
        return added;
      });
      return rows.map(messageView);
    },

    /** Also one that is on no current branch. */
    async message(principal: Principal, id: string, messageId: string): Promise<PlacedMessageView> {
      return inTenant(database, principal.tenant, async (trx) =>
        placedMessageView(await ownMessage(trx, principal, id, messageId)),
      );
    },

    /** Forgets a message, what memory has of it, and the run that said it with its events, once that has ended. */
    async removeMessage(principal: Principal, id: string, messageId: string): Promise<void> {
      const { tenant, userId } = principal;
      await inTenant(database, tenant, async (trx) => {
        await ownMessage(trx, principal, id, messageId);
        await forgetting.forgetWithin(trx, tenant, { kind: 'message', id: messageId }, userId);
      });
    },

    /** Those of the current branch. */
    async messages(principal: Principal, id: string, query: Page & { order?: 'asc' | 'desc' }) {
      const { limit = DEFAULT_LIMIT, cursor, order = 'asc' } = query;
      const key = cursor === undefined ? null : decodeCursor(cursor, ['time', 'id'] as const);
      const after = key && { createdAt: key[0], id: key[1] };
      const rows = await inTenant(database, principal.tenant, async (trx) => {
        assertOwnSession(principal, await store.findSession(trx, id));
        return messages.listMessages(trx, id, { limit: limit + 1, order, after });
      });
      return pageOf(rows, limit, placedMessageView, (row) => [row.created_at.toISOString(), row.id]);
    },
  };
}

async function turnTowards(trx: TenantTransaction, sessionId: string, messageId: string): Promise<void> {
  await lockSession(trx, sessionId);
  await assertNoRun(trx, sessionId);
  if (!(await messages.findMessage(trx, sessionId, messageId))) throw chatErrors.messageNotFound();
  await turnTo(trx, sessionId, await endBelow(trx, sessionId, messageId));
}

/** Its answer belongs to the branch that it was asked on. */
async function assertNoRun(trx: TenantTransaction, sessionId: string): Promise<void> {
  const session = await store.findSession(trx, sessionId);
  if (session?.active_run_id) {
    throw chatErrors.runActive(undefined, { extensions: { run_id: session.active_run_id } });
  }
}

function withIds(given: readonly GivenMessage[]) {
  return given.map((message) => ({ id: newId(), ...message }));
}

async function ownMessage(
  trx: TenantTransaction,
  principal: Principal,
  sessionId: string,
  id: string,
): Promise<messages.PlacedMessageRow> {
  assertOwnSession(principal, await store.findSession(trx, sessionId));
  const row = await messages.findMessage(trx, sessionId, id);
  if (!row) throw chatErrors.messageNotFound();
  return row;
}

function sessionView(row: store.SessionSummaryRow): SessionView {
  return { ...row, created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() };
}
