import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../../../platform/clock.ts';
import type { Database } from '../../../platform/database/database.ts';
import { newId } from '../../../platform/id.ts';
import type { JobDefinition, Queue } from '../../../platform/queue/queue.ts';
import { makeScratchFolder, removeAbandonedScratch } from '../../../platform/storage/scratch-folder.ts';
import { type ActingPrincipal, actBy } from '../audit/act.ts';
import { recordAct } from '../audit/audit.service.ts';
import { findTenant } from '../lifecycle/tenant-lifecycle.store.ts';
import type { TenantSettings } from '../settings/tenant-settings.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import type { Tenant } from '../tenant.ts';
import { writeArchive } from './archive.ts';
import * as store from './export.store.ts';

/** Archives of a tenant that its owner asks for: made by a job, kept in the database for all servers, gone after a day. */
export type TenantExports = {
  begin(principal: ActingPrincipal): Promise<store.ExportRow>;
  list(tenant: Pick<Tenant, 'id'>): Promise<readonly store.ExportRow[]>;
  /** @throws ApiError ERR_TENANT_005 */
  get(tenant: Pick<Tenant, 'id'>, id: string): Promise<store.ExportRow>;
  /** The archive, part by part. @throws ApiError ERR_TENANT_005, ERR_TENANT_006 */
  open(tenant: Pick<Tenant, 'id'>, id: string): Promise<AsyncIterable<Buffer>>;
  readonly jobs: readonly JobDefinition<never>[];
};

type Dependencies = {
  database: Database;
  queue: Pick<Queue, 'enqueue'>;
  clock: Clock;
  settings: TenantSettings;
};

const JOB = { name: 'tenancy.export' } as const;
type Payload = { exportId: string; tenant: Tenant };

const LONGEST_SECONDS = 3_600;
const KEPT_MS = 24 * 60 * 60 * 1000;
const PART_BYTES = 1024 * 1024;

export function createTenantExports(deps: Dependencies): TenantExports {
  const { database, queue, clock } = deps;
  const get = async (tenant: Pick<Tenant, 'id'>, id: string) => {
    const row = await store.findExport(database.db, tenant.id, id, clock.now());
    if (!row) throw tenancyErrors.exportNotFound();
    return row;
  };
  const job: JobDefinition<Payload> = {
    ...JOB,
    retryLimit: 2,
    expireInSeconds: LONGEST_SECONDS,
    // The embedded database takes no sign of life while it is read.
    ...(database.kind === 'embedded' && { heartbeatSeconds: LONGEST_SECONDS }),
    concurrency: 1,
    handle: (payload, { signal }) => make(deps, payload, signal),
  };

  return {
    jobs: [job],
    get,
    list: (tenant) => store.listExports(database.db, tenant.id, clock.now()),
    begin: async (principal) => {
      const { id } = principal.tenant;
      return database.transaction(async (trx) => {
        const tenant = await findTenant(trx, id);
        if (!tenant) throw tenancyErrors.notFound();
        const expiresAt = new Date(clock.now().getTime() + KEPT_MS);
        const row = await store.insertExport(trx, { id: newId(), tenantId: id, userId: principal.userId, expiresAt });
        await queue.enqueue(trx, JOB, { exportId: row.id, tenant: { id, slug: tenant.slug } } satisfies Payload);
        await recordAct(trx, actBy(principal, { act: 'tenant.export', target: { kind: 'export', id: row.id } }));
        return row;
      });
    },
    open: async (tenant, id) => {
      const row = await get(tenant, id);
      if (row.status !== 'ready') throw tenancyErrors.exportNotReady(`This export is ${row.status}.`);
      return parts(database, id, row.size_bytes ?? 0);
    },
  };
}

/** Fails where a part is gone: what was forgotten or has expired meanwhile must not pass for a whole archive. */
async function* parts(database: Database, id: string, size: number): AsyncGenerator<Buffer> {
  for (let number = 0, left = size; left > 0; number += 1) {
    const part = await store.findPart(database.db, id, number);
    if (!part) throw new Error(`The archive ${id} went away while it was sent.`);
    left -= part.length;
    yield part;
  }
}

/** The archive is written to a file first: while its snapshot is open the embedded database has no connection to store parts. */
async function make(deps: Dependencies, { exportId, tenant }: Payload, signal: AbortSignal): Promise<void> {
  const { db } = deps.database;
  await store.deleteExpired(db, deps.clock.now());
  const row = await findTenant(db, tenant.id);
  if (!row) return;
  await store.deleteParts(db, exportId);
  await store.updateExport(db, exportId, { status: 'running', progress: 0, error: null });
  // A killed export has left up to the size of its tenant.
  await removeAbandonedScratch();
  const folder = await makeScratchFolder();
  try {
    const path = join(folder, 'archive');
    await pipeline(
      writeArchive(deps.database, row, await deps.settings.list(row), signal),
      createWriteStream(path, { mode: 0o600 }),
      { signal },
    );
    await store.updateExport(db, exportId, { progress: 0.5 });
    await storeParts(deps.database, exportId, path);
  } catch (error) {
    await store.updateExport(db, exportId, { status: 'failed', error: 'The archive could not be made; ask again.' });
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function storeParts({ db }: Database, exportId: string, path: string): Promise<void> {
  const sum = createHash('sha256');
  let number = 0;
  let size = 0;
  for await (const bytes of createReadStream(path, { highWaterMark: PART_BYTES }) as AsyncIterable<Buffer>) {
    sum.update(bytes);
    size += bytes.length;
    await store.savePart(db, exportId, number, bytes);
    number += 1;
  }
  const done = { status: 'ready', progress: 1, size_bytes: size, checksum: sum.digest('hex') } as const;
  await store.updateExport(db, exportId, done);
}
