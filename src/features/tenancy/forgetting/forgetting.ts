import type { Clock } from '../../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import type { JobDefinition, Queue } from '../../../platform/queue/queue.ts';
import type { ObjectStorage } from '../../../platform/storage/object-storage.ts';
import { inTenant, listTenants } from '../tenancy.service.ts';
import { schemaOf, type Tenant } from '../tenant.ts';
import * as store from './tombstone.store.ts';

/** Deletes once more what a tombstone names. Bears that it is gone already. Returns how many were still there. */
export type Applier = (trx: TenantTransaction, tenant: Tenant, ids: readonly string[]) => Promise<number>;
export type Appliers = Readonly<Record<store.TombstoneKind, Applier>>;

export type Forgetting = {
  /** Notes, in the transaction that deletes them, what must stay deleted even when an older backup is restored. */
  entomb(trx: TenantTransaction, tenant: Tenant, kind: store.TombstoneKind, ids: readonly string[]): Promise<void>;
  /** Writes what this tenant deleted into the journal, here and now; a job does the same soon after each deletion. */
  journal(tenant: Tenant, signal: AbortSignal): Promise<void>;
  /** Deletes again whatever the journal names and this database does not know to be deleted. After a restore. */
  applyJournal(appliers: Appliers, signal: AbortSignal): Promise<AppliedJournal>;
  readonly jobs: readonly JobDefinition<never>[];
};

export type AppliedJournal = { entries: number; applied: number; deleted: number; unknownTenants: readonly string[] };

type Payload = { tenant: Tenant };
type Entry = { tenant: Tenant; id: string; kind: store.TombstoneKind; ids: string[]; at: string };

const JOB = { name: 'tenancy.journal-tombstones' } as const;
const BATCH = 100;

export function createForgetting(deps: {
  database: Database;
  queue: Pick<Queue, 'enqueue'>;
  clock: Clock;
  /** The journal: outside of the database, and of its backups. */
  storage: ObjectStorage;
}): Forgetting {
  const { database, queue, clock, storage } = deps;

  async function journal(tenant: Tenant, signal: AbortSignal): Promise<void> {
    for (let left = true; left; ) {
      signal.throwIfAborted();
      const some = await inTenant(database, tenant, (trx) => store.findUnjournaled(trx, BATCH));
      for (const { id, kind, ids, created_at } of some) {
        const entry: Entry = { tenant, id, kind, ids, at: created_at.toISOString() };
        await storage.put(`${tenant.id}/${entry.at}-${id}.json`, Buffer.from(JSON.stringify(entry)));
      }
      const written = some.map(({ id }) => id);
      if (written.length > 0) await inTenant(database, tenant, (trx) => store.markJournaled(trx, written, clock.now()));
      left = some.length === BATCH;
    }
  }

  /** Whether it was new to this database, and how much of it was still there. */
  async function applyEntry(entry: Entry, appliers: Appliers): Promise<number | null> {
    return inTenant(database, entry.tenant, async (trx) => {
      if (await store.hasTombstone(trx, entry.id)) return null;
      const deleted = await appliers[entry.kind](trx, entry.tenant, entry.ids);
      const { id, kind, ids, at } = entry;
      await store.insertAppliedTombstone(trx, { id, kind, ids, created_at: new Date(at) }, clock.now());
      return deleted;
    });
  }

  const job: JobDefinition<Payload> = {
    ...JOB,
    retryLimit: 50,
    expireInSeconds: 900,
    concurrency: 1,
    handle: ({ tenant }, { signal }) => journal(tenant, signal),
  };

  return {
    jobs: [job],
    journal,
    entomb: async (trx, { id, slug }, kind, ids) => {
      if (ids.length === 0) return;
      await store.insertTombstones(trx, { kind, ids, at: clock.now() });
      await queue.enqueue(trx, JOB, { tenant: { id, slug } }, { singletonKey: slug });
    },
    applyJournal: async (appliers, signal) => {
      const tenants = await schemasThatExist(database);
      const unknownTenants = new Set<string>();
      const counts = { entries: 0, applied: 0, deleted: 0 };
      for await (const key of storage.list('')) {
        signal.throwIfAborted();
        const entry = parseEntry(key, await storage.get(key));
        counts.entries++;
        if (!tenants.has(`${entry.tenant.id} ${schemaOf(entry.tenant)}`)) {
          unknownTenants.add(entry.tenant.slug);
          continue;
        }
        const deleted = await applyEntry(entry, appliers);
        if (deleted !== null) counts.applied++;
        counts.deleted += deleted ?? 0;
      }
      return { ...counts, unknownTenants: [...unknownTenants].sort() };
    },
  };
}

async function schemasThatExist(database: Database): Promise<Set<string>> {
  const rows = await listTenants(database.db);
  return new Set(rows.map((tenant) => `${tenant.id} ${schemaOf(tenant)}`));
}

/** @throws Error where it is not an entry: a journal that cannot be read whole must not be taken for an empty one. */
function parseEntry(key: string, bytes: Buffer | null): Entry {
  try {
    const entry = JSON.parse(bytes?.toString() ?? '') as Entry;
    if (typeof entry.id === 'string' && Array.isArray(entry.ids) && entry.tenant.id) return entry;
  } catch {
    // The same fault as JSON of another shape.
  }
  throw new Error(`The journal of deletions has a broken entry: ${key}.`);
}
