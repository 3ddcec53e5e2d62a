import type { Clock } from '../../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import { decodeCursor, type PageQuery, pageOf } from '../../../platform/http/pagination.ts';
import { newId } from '../../../platform/id.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import type { Principal } from '../../identity/index.ts';
import { type Forgetting, inTenant, type Tenant } from '../../tenancy/index.ts';
import type { FactReading } from '../facts/reading/read-facts.ts';
import { memoryErrors } from '../memory.errors.ts';
import { assertMayChange, assertMayRead } from '../memory.policy.ts';
import type { MemoryView, MessageChange, MessageQuery } from '../memory.schema.ts';
import { memoryView } from '../memory-view.ts';
import type { LearnedFrom } from './learned-from.ts';
import * as store from './memory.store.ts';
import { storableMetadata } from './metadata.ts';
import { importanceFor, prepareMemories, type Said } from './prepare.ts';
import type { Spaces } from './spaces.ts';
import { onlyRecalled } from './write.ts';
import { createWrites } from './write-memories.ts';

export type RememberDependencies = {
  database: Database;
  clock: Clock;
  metrics: Metrics;
  spaces: Spaces;
  /** The embedder in use; null where search is by words only. */
  embedderId(tenant: Tenant): string | null;
  /** Called after a commit that left something without a vector. */
  wakeEmbedding(tenant: Tenant): void;
  /** Whose session it is; undefined where there is none. */
  sessionOwner(trx: TenantTransaction, sessionId: string): Promise<string | undefined>;
  /** Draws facts from what is new, in the same transaction. */
  learn(trx: TenantTransaction, memories: readonly LearnedFrom[]): Promise<void>;
  /** Has a model read facts afterwards, where the tenant wants it. */
  reading: Pick<FactReading, 'isOn' | 'queue' | 'wake'>;
  /** Ends the facts of a version that was corrected. */
  unlearn(trx: TenantTransaction, memoryNumber: number, at: Date): Promise<void>;
  forgetting: Pick<Forgetting, 'forgetWithin'>;
  /** Called after a commit that changed what the tenant's searches find. */
  changed(tenant: Tenant): void;
};

export type { Remembered } from './write.ts';
export { assertOwnTenant } from './write-memories.ts';

export type RememberService = ReturnType<typeof createRememberService>;

export function createRememberService(deps: RememberDependencies) {
  const { database, clock, metrics, spaces, embedderId } = deps;
  const view = (tenant: Tenant, row: store.MemoryRow) => memoryView(row, embedderId(tenant) !== null);

  /** Facts by rules now; `byModel`: a model reads on later. */
  async function learn(trx: TenantTransaction, memories: readonly LearnedFrom[], byModel: boolean): Promise<void> {
    await deps.learn(trx, memories);
    if (byModel) await deps.reading.queue(trx, memories);
  }

  /** Stores what was said, and draws facts from it. In the caller's transaction; `byModel`: a model is to read it, too. */
  async function rememberWithin(
    trx: TenantTransaction,
    tenant: Tenant,
    said: readonly Said[],
    { byModel }: { byModel: boolean },
  ): Promise<store.StoredMemory[]> {
    const memories = await prepareMemories(trx, said, clock.now());
    const stored = await store.insertMemories(trx, memories, { embedder: embedderId(tenant), now: clock.now() });
    const numbers = new Map(stored.map(({ id, number }) => [id, number]));
    await learn(
      trx,
      memories.flatMap((memory) => {
        const number = numbers.get(memory.id);
        return number === undefined ? [] : [{ ...memory, number }];
      }),
      byModel,
    );
    for (const { role, noise } of memories) metrics.memoriesRemembered.inc({ role, noise: noise ?? 'none' });
    return stored;
  }

  const writes = createWrites({ ...deps, learn, view });

  async function find(principal: Principal, id: string): Promise<store.MemoryRow> {
    const row = await inTenant(database, principal.tenant, (trx) => store.findMemory(trx, id));
    assertMayRead(principal, row);
    return row;
  }

  /** A new text makes a new version; what else changes, changes in place. */
  async function changeWithin(
    trx: TenantTransaction,
    principal: Principal,
    id: string,
    change: MessageChange,
    byModel: boolean,
  ): Promise<store.MemoryRow> {
    const current = (await store.lockMemory(trx, id)) ?? (await store.findMemory(trx, id));
    assertMayChange(principal, current);
    if (current.superseded_by !== null)
      throw memoryErrors.notFound('This is an older version; change the current one.');
    const now = clock.now();
    const content = change.content?.trim();
    const number =
      content === undefined || content === current.content
        ? null
        : await correct(trx, principal.tenant, current, content, { now, byModel });
    await store.updateMemory(trx, number ?? current.number, changedFields(change, current, now), now);
    if (change.archived !== undefined) await store.setArchived(trx, id, change.archived, now);
    const changed = await store.findMemory(trx, id);
    if (!changed) throw memoryErrors.notFound();
    return changed;
  }

  /** The version before stays, under an id of its own, ended now. Returns the number of the new one. */
  async function correct(
    trx: TenantTransaction,
    tenant: Tenant,
    current: store.MemoryRow,
    content: string,
    { now, byModel }: { now: Date; byModel: boolean },
  ): Promise<number> {
    const { identity_hash } = await store.supersede(trx, current.number, { ownId: newId(), at: now });
    await deps.unlearn(trx, current.number, now);
    const [draft] = await prepareMemories(
      trx,
      [
        {
          spaceId: current.space_id,
          createdBy: current.created_by,
          sessionId: current.session_id,
          messageId: current.message_id,
          conversationId: current.conversation_id,
          role: current.role,
          content,
          metadata: current.metadata,
          importanceOverride: current.importance_override,
          saidAt: current.created_at,
          defaultTime: current.created_at,
        },
      ],
      now,
    );
    if (!draft || draft.content === '') throw onlyRecalled();
    const next = {
      ...draft,
      id: current.id,
      identityHash: identity_hash,
      validFrom: now,
      version: current.version + 1,
    };
    const [stored] = await store.insertMemories(trx, [next], { embedder: embedderId(tenant), now });
    if (!stored) throw new Error('A corrected memory was not stored.');
    // What was in the archive stays there: a correction is no wish to hear it again.
    if (current.archived) await store.keepArchived(trx, current.number, stored.number);
    if (current.user_id !== null) await learn(trx, [{ ...next, number: stored.number }], byModel);
    return stored.number;
  }

  async function removeWithin(trx: TenantTransaction, principal: Principal, id: string): Promise<void> {
    const row = await store.findMemory(trx, id);
    assertMayChange(principal, row);
    await deps.forgetting.forgetWithin(trx, principal.tenant, { kind: 'memory', id: row.id }, principal.userId);
  }

  return {
    rememberWithin,
    createMany: writes.many,

    /** One message; those that come at the same time are stored together. @throws ApiError where it is refused */
    create: writes.one,

    async get(principal: Principal, id: string): Promise<MemoryView> {
      return view(principal.tenant, await find(principal, id));
    },

    /** The versions of a memory, newest first. */
    async versions(principal: Principal, id: string, { limit = 20, cursor }: PageQuery = {}) {
      await find(principal, id);
      const { tenant } = principal;
      const before = cursor === undefined ? null : decodeCursor(cursor, ['integer'] as const)[0];
      const page = { limit: limit + 1, before };
      const rows = await inTenant(database, tenant, (trx) => store.listVersions(trx, id, page));
      return pageOf(
        rows,
        limit,
        (row) => view(tenant, row),
        ({ version }) => [version],
      );
    },

    async list(principal: Principal, query: MessageQuery) {
      const limit = query.limit ?? 20;
      const before = query.cursor === undefined ? null : readCursor(query.cursor);
      const rows = await inTenant(database, principal.tenant, async (trx) => {
        const spaceIds = await store.findSpaces(trx, [spaces.ownerOf(principal, query)]);
        const scope = {
          spaceIds,
          ...(query.session_id !== undefined && { sessionId: query.session_id }),
          ...(query.conversation_id !== undefined && { conversationId: query.conversation_id }),
        };
        return store.listMemories(trx, scope, { limit: limit + 1, before });
      });
      return pageOf(
        rows,
        limit,
        (row) => view(principal.tenant, row),
        (row) => [row.created_at.toISOString(), row.number],
      );
    },

    async change(principal: Principal, id: string, change: MessageChange): Promise<MemoryView> {
      const { tenant } = principal;
      const byModel = change.content !== undefined && (await deps.reading.isOn(tenant));
      const row = await inTenant(database, tenant, (trx) => changeWithin(trx, principal, id, change, byModel));
      deps.changed(tenant);
      if (byModel) deps.reading.wake(tenant);
      if (row.embedding_status === 'pending') deps.wakeEmbedding(tenant);
      return view(tenant, row);
    },

    /** Deletes a memory with all its versions, postings, vectors and facts. */
    async remove(principal: Principal, id: string): Promise<void> {
      await inTenant(database, principal.tenant, (trx) => removeWithin(trx, principal, id));
      deps.changed(principal.tenant);
    },
  };
}

/** What changes in place. Importance is that of the new content, where there is one. */
function changedFields(change: MessageChange, current: store.MemoryRow, now: Date): store.MemoryChange {
  const { metadata, importance_override: importanceOverride } = change;
  const content = change.content?.trim() ?? current.content;
  const scored = { ...current, content, createdAt: current.created_at };
  return {
    ...(metadata !== undefined && { metadata: storableMetadata(metadata) }),
    ...(importanceOverride !== undefined && {
      importanceOverride,
      importance: importanceFor({ ...scored, importanceOverride }, now),
    }),
  };
}

function readCursor(cursor: string): { createdAt: Date; number: number } {
  const [createdAt, number] = decodeCursor(cursor, ['time', 'integer'] as const);
  return { createdAt, number };
}
