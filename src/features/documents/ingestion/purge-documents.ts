import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { Queue } from '../../../platform/queue/queue.ts';
import { inTenant as enterTenant, type Tenant } from '../../tenancy/index.ts';
import { markDeleting } from '../documents.store.ts';
import { deleteParts, deleteText } from '../original.store.ts';
import { compactCorpus, deleteChunks } from './chunk.store.ts';
import { deleteDocument, findDeletable, lockDeletable } from './deletion.store.ts';
import type { IngestionDependencies, InTenant } from './ingestion.types.ts';
import { CHUNKS_PER_DELETION } from './store-document.ts';

export type PurgePayload = { tenant: Tenant };
export const PURGE_JOB = { name: 'documents.purge' } as const;

/** Takes documents out of every search with the caller's transaction, and leaves their removal to a job. */
export async function retireDocuments(
  trx: TenantTransaction,
  queue: Queue,
  tenant: Tenant,
  ids: readonly string[],
): Promise<number> {
  const count = await markDeleting(trx, ids);
  if (count > 0) await enqueuePurge(trx, queue, tenant);
  return count;
}

export async function enqueuePurge(trx: TenantTransaction, queue: Queue, tenant: Tenant): Promise<void> {
  const payload: PurgePayload = { tenant: { id: tenant.id, slug: tenant.slug } };
  await queue.enqueue(trx, PURGE_JOB, payload, { singletonKey: tenant.slug });
}

/** Documents that one look finds. */
const DOCUMENTS_PER_LOOK = 100;
/** Parts of 1 MiB that one transaction removes. */
const PARTS_PER_DELETION = 16;

/** Removes all that is left of deleted documents, and uploads that were cut off, in short transactions. */
export async function purgeDocuments(
  { database, clock }: Pick<IngestionDependencies, 'database' | 'clock'>,
  tenant: Tenant,
  signal: AbortSignal,
): Promise<void> {
  const inTenant: InTenant = (work) => enterTenant(database, tenant, work);
  for (;;) {
    const ids = await inTenant((trx) => findDeletable(trx, clock.now(), DOCUMENTS_PER_LOOK));
    for (const id of ids) await purgeDocument(inTenant, id, signal);
    if (ids.length < DOCUMENTS_PER_LOOK) break;
  }
  await inTenant(compactCorpus);
}

async function purgeDocument(inTenant: InTenant, id: string, signal: AbortSignal): Promise<void> {
  const step = (remove: (trx: TenantTransaction) => Promise<number>) =>
    inTenant(async (trx) => ((await lockDeletable(trx, id)) ? remove(trx) : 0));
  await untilNone(signal, () => step((trx) => deleteChunks(trx, id, CHUNKS_PER_DELETION)));
  await untilNone(signal, () => step((trx) => deleteParts(trx, id, PARTS_PER_DELETION)));
  await step(async (trx) => {
    await deleteText(trx, id);
    await deleteDocument(trx, id);
    return 0;
  });
}

async function untilNone(signal: AbortSignal, step: () => Promise<number>): Promise<void> {
  for (let removed = 1; removed > 0; ) {
    signal.throwIfAborted();
    removed = await step();
  }
}
