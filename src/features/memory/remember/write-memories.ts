import type { Clock } from '../../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import { ApiError } from '../../../platform/http/errors.ts';
import type { Metrics } from '../../../platform/telemetry/metrics.ts';
import type { Principal } from '../../identity/index.ts';
import { gathered, inTenant, type Tenant } from '../../tenancy/index.ts';
import type { FactReading } from '../facts/reading/read-facts.ts';
import { memoryErrors } from '../memory.errors.ts';
import type { MemoryView, NewMessage } from '../memory.schema.ts';
import type { LearnedFrom } from './learned-from.ts';
import * as store from './memory.store.ts';
import { createPlainWrites } from './plain-writes.ts';
import { prepareMemories, type Said, textOf } from './prepare.ts';
import type { Spaces } from './spaces.ts';
import { type Owner, onlyRecalled, type Remembered, rowOf, saidOf, type Write } from './write.ts';

type Plain = { write: Write; memory: store.NewMemory };

export type WriteDependencies = {
  database: Database;
  clock: Clock;
  metrics: Metrics;
  spaces: Spaces;
  embedderId(tenant: Tenant): string | null;
  wakeEmbedding(tenant: Tenant): void;
  sessionOwner(trx: TenantTransaction, sessionId: string): Promise<string | undefined>;
  reading: Pick<FactReading, 'isOn' | 'wake'>;
  changed(tenant: Tenant): void;
  /** Draws facts from what is new, in the same transaction. */
  learn(trx: TenantTransaction, memories: readonly LearnedFrom[], byModel: boolean): Promise<void>;
  view(tenant: Tenant, row: store.MemoryRow): MemoryView;
};

/** How messages that programs bring come to memory. */
export function createWrites(deps: WriteDependencies) {
  const { database, clock, metrics, spaces, embedderId, learn, view } = deps;

  const plain = createPlainWrites(deps);

  /** What a request says. Looks whether it may, in the transaction that stores it. */
  async function askedFor(trx: TenantTransaction, write: Write, now: Date): Promise<Said> {
    const { principal, body } = write;
    assertOwnTenant(principal, body.tenant_id);
    if (body.session_id !== undefined) await assertOwnSession(trx, principal, body.session_id);
    return saidOf(write, await spaces.ensure(trx, principal, body), now);
  }

  async function assertOwnSession(trx: TenantTransaction, principal: Principal, sessionId: string): Promise<void> {
    const owner = await deps.sessionOwner(trx, sessionId);
    if (owner === undefined) throw memoryErrors.sessionNotFound();
    if (owner !== principal.userId) throw memoryErrors.forbidden('This session belongs to another user.');
  }

  /**
   * Stores what several requests of a tenant say in one transaction. Each gets its memory, a new one or the one that it was
   * already, or the reason why it is refused.
   */
  async function together(tenant: Tenant, writes: readonly Write[]): Promise<PromiseSettledResult<Remembered>[]> {
    const now = clock.now();
    // Read before the transaction begins, which needs its connection.
    const byModel = await deps.reading.isOn(tenant);
    const work = async (trx: TenantTransaction) => {
      const { said, good, refused } = await judge(trx, writes, now);
      const memories = await prepareMemories(trx, said, now);
      for (const [place, { content }] of memories.entries()) {
        const write = good[place];
        if (write && content === '') refused.set(write, onlyRecalled());
      }
      const taken = memories.filter(({ content }) => content !== '');
      const stored = good.filter((write) => !refused.has(write));
      const owners = stored.map(({ principal, body }) => spaces.ownerOf(principal, body));
      const remembered = taken.length === 0 ? [] : await storeAll(trx, tenant, taken, owners, byModel);
      return { remembered, results: settled(writes, stored, remembered, refused) };
    };
    const { remembered, results } = await spaces.withKnown(tenant, () => inTenant(database, tenant, work));
    announce(tenant, remembered);
    if (byModel && remembered.some(({ isNew }) => isNew)) deps.reading.wake(tenant);
    return results;
  }

  async function judge(trx: TenantTransaction, writes: readonly Write[], now: Date) {
    const said: Said[] = [];
    const good: Write[] = [];
    const refused = new Map<Write, ApiError>();
    for (const write of writes) {
      try {
        said.push(await askedFor(trx, write, now));
        good.push(write);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        refused.set(write, error);
      }
    }
    return { said, good, refused };
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
      memories.flatMap((memory, place) => {
        const number = byId.get(memory.id)?.number;
        // "My name is Ann", told to the whole tenant, is not the name of everybody in it.
        return number === undefined || owners[place]?.userId === null ? [] : [{ ...memory, number }];
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

  /** Those of them that are new. */
  async function storePlain(tenant: Tenant, some: readonly Plain[]): Promise<Map<Write, Remembered>> {
    const stored = await plain.store(
      tenant,
      some.map(({ memory }) => memory),
    );
    const now = clock.now();
    const fresh = some.flatMap(({ write, memory }): [Write, Remembered][] => {
      const row = stored.get(memory.id);
      const owner = spaces.ownerOf(write.principal, write.body);
      return row ? [[write, { memory: view(tenant, rowOf(memory, row, owner, now)), isNew: true }]] : [];
    });
    announce(
      tenant,
      [...fresh.values()].map(([, remembered]) => remembered),
    );
    return new Map(fresh);
  }

  /** Those writes that are plain, and not to be read by a model. */
  async function plainOf(tenant: Tenant, writes: readonly Write[]): Promise<Plain[]> {
    if (await deps.reading.isOn(tenant)) return [];
    await plain.learnWords(
      tenant,
      writes.map(({ text }) => text),
    );
    return writes.flatMap((write) => {
      const memory = plain.memoryOf(write);
      return memory ? [{ write, memory }] : [];
    });
  }

  const inTurn = gathered(together);
  const plainInTurn = gathered<Plain, Remembered | undefined>(async (tenant, some) => {
    const stored = await storePlain(tenant, some);
    return some.map(({ write }) => ({ status: 'fulfilled', value: stored.get(write) }) as const);
  });

  return {
    async one(principal: Principal, body: NewMessage): Promise<Remembered> {
      const { tenant } = principal;
      const write = { principal, body, text: textOf(body.content.trim()), place: 0, count: 1 };
      const [simple] = await plainOf(tenant, [write]);
      // What is there already, or could not be stored so, is looked at: that finds out why.
      const stored = simple && (await plainInTurn(tenant, simple).catch(() => undefined));
      return stored ?? inTurn(tenant, write);
    },

    /** Several messages of one request, in their order. */
    async many(principal: Principal, bodies: readonly NewMessage[]): Promise<PromiseSettledResult<Remembered>[]> {
      const { tenant } = principal;
      const count = bodies.length;
      const writes = bodies.map((body, place) => ({
        principal,
        body,
        text: textOf(body.content.trim()),
        place,
        count,
      }));
      const simple = await plainOf(tenant, writes);
      const stored = simple.length === 0 ? new Map() : await storePlain(tenant, simple).catch(() => new Map());
      const others = writes.filter((write) => !stored.has(write));
      const results = others.length === 0 ? [] : await together(tenant, others);
      const rest = new Map(others.map((write, place) => [write, results[place]]));
      return writes.map((write) => rest.get(write) ?? { status: 'fulfilled', value: stored.get(write) });
    },
  };
}

function settled(
  writes: readonly Write[],
  stored: readonly Write[],
  remembered: readonly Remembered[],
  refused: ReadonlyMap<Write, ApiError>,
): PromiseSettledResult<Remembered>[] {
  const values = new Map(stored.map((write, place) => [write, remembered[place]]));
  return writes.map((write) => {
    const value = values.get(write);
    return value ? { status: 'fulfilled', value } : { status: 'rejected', reason: refused.get(write) };
  });
}

/** The contract: the tenant comes from the credential; a request that names another one finds nothing. */
export function assertOwnTenant({ tenant }: Principal, named: string | undefined): void {
  if (named !== undefined && named !== tenant.id && named !== tenant.slug) throw memoryErrors.otherTenant();
}
