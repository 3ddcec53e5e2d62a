import type { Clock } from '../../../platform/clock.ts';
import type { Database, PlatformTransaction, TenantTransaction } from '../../../platform/database/database.ts';
import type { JobDefinition, Queue } from '../../../platform/queue/queue.ts';
import type { ObjectStorage } from '../../../platform/storage/object-storage.ts';
import type { SignedReceipt } from '../lifecycle/receipt-signature.ts';
import * as lifecycle from '../lifecycle/tenant-lifecycle.store.ts';
import { inTenant, listTenants } from '../tenancy.service.ts';
import { schemaOf, type Tenant } from '../tenant.ts';
import { TARGET_KINDS, type Target } from './forgetter.ts';
import * as store from './tombstone.store.ts';

/** Deletes once more what a tombstone names, and bears that it is gone already. Returns how much was still there. */
export type Applier = (tenant: Tenant, target: Target, signal: AbortSignal) => Promise<number>;

/** Where to apply the journal: to all tenants, or to one, which may be another's copy. */
export type JournalScope = { tenant?: Tenant; journalOf?: string };

export type AppliedJournal = {
  entries: number;
  /** Entries that this database did not know. */
  applied: number;
  /** Rows that were still there. */
  deleted: number;
  /** Slugs of tenants that were deleted, came back with the restored data and are gone again. */
  tenants: readonly string[];
  /** Slugs in the journal of tenants that this database does not have. */
  unknownTenants: readonly string[];
};

export type Journal = {
  /** Notes, in the transaction that deletes them, what must stay deleted even when an older backup is restored. */
  entomb(trx: TenantTransaction, tenant: Tenant, target: Target): Promise<void>;
  /** The same of a whole tenant; its receipt must be saved in the same transaction. */
  entombTenant(trx: PlatformTransaction, tenant: Tenant): Promise<void>;
  /** Writes what this tenant deleted outside of the database, here and now; a job does so soon after each deletion. */
  journal(tenant: Tenant, signal: AbortSignal): Promise<void>;
  /** Deletes again whatever the journal names and this database does not know to be deleted.
   * @throws Error where an entry cannot be read: such a journal must not be taken for an empty one */
  applyJournal(signal: AbortSignal, scope?: JournalScope): Promise<AppliedJournal>;
  readonly jobs: readonly JobDefinition<never>[];
};

type Payload = { tenant: Tenant };
/** Not `tenant`: jobs of a deleted tenant go with it, this one must stay. */
type TenantPayload = { deleted: Tenant };
type Entry = { tenant: Tenant; id: string; kind: Target['kind']; ids: string[]; at: string };
type TenantEntry = { tenant: Tenant; kind: 'tenant'; at: string } & SignedReceipt;

const JOB = { name: 'tenancy.journal-tombstones' } as const;
const TENANT_JOB = { name: 'tenancy.journal-deleted-tenant' } as const;
const BATCH = 100;
const TENANTS = 'tenants/';

export type JournalDependencies = {
  database: Database;
  queue: Pick<Queue, 'enqueue'>;
  clock: Clock;
  /** The journal: outside of the database, and of its backups. */
  storage: ObjectStorage;
  apply: Applier;
  /** Removes a deleted tenant's files. */
  removeFiles(tenant: Tenant, signal: AbortSignal): Promise<void>;
};

export function createJournal(deps: JournalDependencies): Journal {
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

  async function journalTenant(tenant: Tenant, signal: AbortSignal): Promise<void> {
    const signed = await lifecycle.findReceipt(database.db, tenant.id);
    // The deletion that asked for this did not happen after all.
    if (!signed) return;
    const { receipt, signature } = signed as SignedReceipt;
    const entry: TenantEntry = { tenant, kind: 'tenant', at: receipt.deleted_at, receipt, signature };
    await storage.put(`${TENANTS}${tenant.id}.json`, Buffer.from(JSON.stringify(entry)));
    await deps.removeFiles(tenant, signal);
    for await (const key of storage.list(`${tenant.id}/`)) await storage.delete(key);
  }

  async function entriesOf<Found>(prefix: string, use: (entry: Found) => Promise<void>, signal: AbortSignal) {
    for await (const key of storage.list(prefix)) {
      signal.throwIfAborted();
      await use(parseEntry(key, await storage.get(key)) as Found);
    }
  }

  /** How much of an entry was still there; null where this database knows of it. */
  async function applyEntry(tenant: Tenant, entry: Entry, signal: AbortSignal): Promise<number | null> {
    if (await inTenant(database, tenant, (trx) => store.hasTombstone(trx, entry.id))) return null;
    const { id, kind, ids, at } = entry;
    const deleted = await deps.apply(tenant, { kind, ids }, signal);
    // Last: begun again after a crash, it is applied once more.
    await inTenant(database, tenant, (trx) =>
      store.insertAppliedTombstone(trx, { id, kind, ids, created_at: new Date(at) }, clock.now()),
    );
    return deleted;
  }

  async function applyTenants(counts: Counted, signal: AbortSignal): Promise<void> {
    await entriesOf<TenantEntry>(
      TENANTS,
      async ({ tenant, receipt, signature }) => {
        counts.entries++;
        const gone = await database.transaction(async (trx) => {
          const row = await lifecycle.lockTenant(trx, tenant.id);
          if (row) await lifecycle.dropTenant(trx, row);
          if (!(await lifecycle.findReceipt(trx, tenant.id))) {
            await lifecycle.saveReceipt(trx, { tenantId: tenant.id, slug: tenant.slug, receipt, signature });
          }
          return row;
        });
        if (!gone) return;
        counts.applied++;
        counts.tenants.push(tenant.slug);
        await deps.removeFiles(tenant, signal);
      },
      signal,
    );
  }

  async function applyTo(tenant: Tenant, journalOf: string, counts: Counted, signal: AbortSignal): Promise<void> {
    await entriesOf<Entry>(
      `${journalOf}/`,
      async (entry) => {
        counts.entries++;
        const deleted = await applyEntry(tenant, entry, signal);
        if (deleted === null) return;
        counts.applied++;
        counts.deleted += deleted;
      },
      signal,
    );
  }

  const job: JobDefinition<Payload> = {
    ...JOB,
    retryLimit: 50,
    expireInSeconds: 900,
    concurrency: 1,
    handle: ({ tenant }, { signal }) => journal(tenant, signal),
  };
  const tenantJob: JobDefinition<TenantPayload> = {
    ...TENANT_JOB,
    retryLimit: 200,
    expireInSeconds: 900,
    concurrency: 1,
    handle: ({ deleted }, { signal }) => journalTenant(deleted, signal),
  };

  return {
    jobs: [job, tenantJob] as readonly JobDefinition<never>[],
    journal,
    entomb: async (trx, { id, slug }, { kind, ids }) => {
      if (ids.length === 0) return;
      await store.insertTombstones(trx, { kind, ids, at: clock.now() });
      await queue.enqueue(trx, JOB, { tenant: { id, slug } }, { singletonKey: slug });
    },
    entombTenant: async (trx, { id, slug }) => queue.enqueue(trx, TENANT_JOB, { deleted: { id, slug } }),
    applyJournal: async (signal, { tenant, journalOf } = {}) => {
      const counts: Counted = { entries: 0, applied: 0, deleted: 0, tenants: [] };
      if (tenant) {
        await applyTo(tenant, journalOf ?? tenant.id, counts, signal);
        return { ...counts, unknownTenants: [] };
      }
      await applyTenants(counts, signal);
      const unknownTenants = new Set<string>();
      const tenants = await schemasThatExist(database);
      const deleted = new Set(await Array.fromAsync(storage.list(TENANTS)));
      for (const id of await journaledTenants(storage)) {
        const known = tenants.get(id);
        if (known) await applyTo(known, id, counts, signal);
        else if (!deleted.has(`${TENANTS}${id}.json`)) unknownTenants.add(await slugIn(storage, id));
      }
      return { ...counts, unknownTenants: [...unknownTenants].sort() };
    },
  };
}

type Counted = { entries: number; applied: number; deleted: number; tenants: string[] };

async function schemasThatExist(database: Database): Promise<Map<string, Tenant>> {
  const rows = await listTenants(database.db);
  return new Map(rows.filter((tenant) => schemaOf(tenant)).map(({ id, slug }) => [id, { id, slug }]));
}

async function journaledTenants(storage: ObjectStorage): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const key of storage.list('')) if (!key.startsWith(TENANTS)) ids.add(key.slice(0, key.indexOf('/')));
  return ids;
}

async function slugIn(storage: ObjectStorage, id: string): Promise<string> {
  for await (const key of storage.list(`${id}/`)) return parseEntry(key, await storage.get(key)).tenant.slug;
  return id;
}

function parseEntry(key: string, bytes: Buffer | null): Entry | TenantEntry {
  try {
    const entry = JSON.parse(bytes?.toString() ?? '') as Entry | TenantEntry;
    if (isEntry(entry) && entry.tenant.id) return entry;
  } catch {
    // The same fault as JSON of another shape.
  }
  throw new Error(`The journal of deletions has a broken entry: ${key}.`);
}

function isEntry(entry: Entry | TenantEntry): boolean {
  if (entry.kind === 'tenant') return typeof entry.signature === 'string';
  return typeof entry.id === 'string' && Array.isArray(entry.ids) && TARGET_KINDS.includes(entry.kind);
}
