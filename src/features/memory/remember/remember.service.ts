import type { Clock } from '../../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import { breaksReference } from '../../../platform/database/failures.ts';
import { requestErrors } from '../../../platform/http/errors.ts';
import { decodeCursor, pageOf } from '../../../platform/http/pagination.ts';
import { newId } from '../../../platform/id.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import type { Principal } from '../../identity/index.ts';
import { type Forgetting, inTenant, type Tenant } from '../../tenancy/index.ts';
import type { FactReading } from '../facts/reading/read-facts.ts';
import { memoryErrors } from '../memory.errors.ts';
import { assertMayChange, assertMayRead } from '../memory.policy.ts';
import type { MemoryView, MessageChange, MessageQuery, NewMessage } from '../memory.schema.ts';
import { memoryView } from '../memory-view.ts';
import type { LearnedFrom } from './learned-from.ts';
import * as store from './memory.store.ts';
import { storableMetadata, storableText } from './metadata.ts';
import { importanceFor, prepareMemories, type Said } from './prepare.ts';
import type { Spaces } from './spaces.ts';

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

export type Remembered = { memory: MemoryView; isNew: boolean };

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

  /** What a request says, as it is stored. The order of a batch is kept by its times, a millisecond apart. */
  async function saidOf(
    trx: TenantTransaction,
    principal: Principal,
    body: NewMessage,
    { place, count, now }: { place: number; count: number; now: Date },
  ): Promise<Said> {
    assertOwnTenant(principal, body.tenant_id);
    if (body.session_id !== undefined) await assertOwnSession(trx, principal, body.session_id);
    return {
      spaceId: await spaces.ensure(trx, principal, body),
      createdBy: principal.userId,
      sessionId: body.session_id ?? null,
      messageId: null,
      conversationId:
        body.session_id ?? (body.conversation_id === undefined ? null : storableText(body.conversation_id)),
      role: body.role,
      content: body.content.trim(),
      metadata: storableMetadata(body.metadata ?? {}),
      importanceOverride: body.importance_override ?? null,
      saidAt: body.created_at === undefined ? null : new Date(body.created_at),
      defaultTime: new Date(now.getTime() - (count - 1 - place)),
    };
  }

  async function assertOwnSession(trx: TenantTransaction, principal: Principal, sessionId: string): Promise<void> {
    const owner = await deps.sessionOwner(trx, sessionId);
    if (owner === undefined) throw memoryErrors.sessionNotFound();
    if (owner !== principal.userId) throw memoryErrors.forbidden('This session belongs to another user.');
  }

  /** Stores all or nothing. Each gets its memory: a new one, or the one that it was already. */
  async function createMany(principal: Principal, bodies: readonly NewMessage[]): Promise<Remembered[]> {
    const { tenant } = principal;
    const now = clock.now();
    // Read before the transaction begins, which needs its connection.
    const byModel = await deps.reading.isOn(tenant);
    const work = async (trx: TenantTransaction) => {
      const said: Said[] = [];
      for (const [place, body] of bodies.entries()) {
        said.push(await saidOf(trx, principal, body, { place, count: bodies.length, now }));
      }
      const memories = await prepareMemories(trx, said, now);
      for (const memory of memories) if (memory.content === '') throw onlyRecalled();
      return storeAll(
        trx,
        tenant,
        memories,
        bodies.map((body) => spaces.ownerOf(principal, body)),
        byModel,
      );
    };
    const remembered = await inTenant(database, tenant, work).catch((error: unknown) => {
      // The space was forgotten since this process learned its number: once more, with a new one.
      if (!breaksReference(error)) throw error;
      spaces.forget(tenant);
      return inTenant(database, tenant, work);
    });
    announce(tenant, remembered);
    if (byModel && remembered.some(({ isNew }) => isNew)) deps.reading.wake(tenant);
    return remembered;
  }

  async function storeAll(
    trx: TenantTransaction,
    tenant: Tenant,
    memories: readonly store.NewMemory[],
    owners: readonly Owner[],
    byModel: boolean,
  ): Promise<Remembered[]> {
    const stored = await store.insertMemories(trx, memories, { embedder: embedderId(tenant), now: clock.now() });
    const byId = new Map(stored.map((row) => [row.id, row]));
    const known = memories.filter(({ id }) => !byId.has(id));
    const existing = await existingOf(trx, known);
    await learn(
      trx,
      memories.flatMap((memory) => {
        const number = byId.get(memory.id)?.number;
        return number === undefined ? [] : [{ ...memory, number }];
      }),
      byModel,
    );
    return memories.map((memory, place) => {
      const fresh = byId.get(memory.id);
      if (fresh)
        return { memory: view(tenant, rowOf(memory, fresh, owners[place] as Owner, clock.now())), isNew: true };
      const found = existing.get(memory.identityHash?.toString('hex') ?? '');
      if (!found) throw new Error('A memory was neither new nor known.');
      return { memory: view(tenant, found), isNew: false };
    });
  }

  async function existingOf(trx: TenantTransaction, known: readonly store.NewMemory[]) {
    const hashes = known.flatMap(({ identityHash }) => identityHash ?? []);
    const rows = hashes.length === 0 ? [] : await store.findByIdentity(trx, hashes);
    return new Map(rows.map((row) => [row.identity_hash.toString('hex'), row]));
  }

  function announce(tenant: Tenant, remembered: readonly Remembered[]): void {
    const fresh = remembered.filter(({ isNew }) => isNew);
    for (const { memory } of fresh) {
      metrics.memoriesRemembered.inc({ role: memory.role, noise: memory.noise ?? 'none' });
    }
    if (fresh.length > 0) deps.changed(tenant);
    if (fresh.some(({ memory }) => memory.embedding_status === 'pending')) deps.wakeEmbedding(tenant);
  }

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
    const importanceOverride =
      change.importance_override === undefined ? current.importance_override : change.importance_override;
    const scored = {
      ...current,
      content: content ?? current.content,
      createdAt: current.created_at,
      importanceOverride,
    };
    await store.updateMemory(
      trx,
      number ?? current.number,
      {
        ...(change.metadata !== undefined && { metadata: storableMetadata(change.metadata) }),
        ...(change.importance_override !== undefined && { importanceOverride, importance: importanceFor(scored, now) }),
        ...(change.archived !== undefined && { archived: change.archived }),
      },
      now,
    );
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
    await learn(trx, [{ ...next, number: stored.number }], byModel);
    return stored.number;
  }

  async function removeWithin(trx: TenantTransaction, principal: Principal, id: string): Promise<void> {
    const row = await store.findMemory(trx, id);
    assertMayChange(principal, row);
    await deps.forgetting.forgetWithin(trx, principal.tenant, { kind: 'memory', id: row.id }, principal.userId);
  }

  return {
    rememberWithin,
    createMany,

    async create(principal: Principal, body: NewMessage): Promise<Remembered> {
      const [remembered] = await createMany(principal, [body]);
      if (!remembered) throw new Error('A memory was neither new nor known.');
      return remembered;
    },

    async get(principal: Principal, id: string): Promise<MemoryView> {
      return view(principal.tenant, await find(principal, id));
    },

    /** Every version of a memory, newest first. */
    async versions(principal: Principal, id: string): Promise<MemoryView[]> {
      await find(principal, id);
      const { tenant } = principal;
      const rows = await inTenant(database, tenant, (trx) => store.listVersions(trx, id));
      return rows.map((row) => view(tenant, row));
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

/** The contract: the tenant comes from the credential; a request that names another one finds nothing. */
export function assertOwnTenant({ tenant }: Principal, named: string | undefined): void {
  if (named !== undefined && named !== tenant.id && named !== tenant.slug) throw memoryErrors.otherTenant();
}

type Owner = { userId: string | null; subject: string };

/** The row as it was just written, so that it need not be read. */
function rowOf(
  memory: store.NewMemory,
  { number, embedding_status }: store.StoredMemory,
  { userId, subject }: Owner,
  now: Date,
): store.MemoryRow {
  return {
    number,
    id: memory.id,
    space_id: memory.spaceId,
    user_id: userId,
    subject,
    created_by: memory.createdBy,
    session_id: memory.sessionId,
    message_id: memory.messageId,
    conversation_id: memory.conversationId,
    role: memory.role,
    content: memory.content,
    content_hash: memory.contentHash,
    metadata: memory.metadata,
    importance: memory.importance,
    importance_override: memory.importanceOverride,
    noise: memory.noise,
    embedding_status,
    embedder: null,
    embedding_error: null,
    archived: false,
    created_at: memory.createdAt,
    remembered_at: now,
    updated_at: now,
    valid_from: memory.validFrom,
    valid_to: null,
    superseded_by: null,
    version: memory.version,
  };
}

function onlyRecalled() {
  const message = 'is nothing but text that came out of memory, which is not remembered again';
  return requestErrors.invalid(`content ${message}`, { fields: [{ field: 'content', message }] });
}

function readCursor(cursor: string): { createdAt: Date; number: number } {
  const [createdAt, number] = decodeCursor(cursor, ['string', 'number'] as const);
  const time = new Date(createdAt);
  if (Number.isNaN(time.getTime())) throw requestErrors.invalid('cursor is not a cursor that this list gave');
  return { createdAt: time, number };
}
