import type { TenantTransaction } from '../../../platform/database/database.ts';
import type { Queue } from '../../../platform/queue/queue.ts';
import { inTenant, type Tenant } from '../../tenancy/index.ts';
import {
  buildVectorIndex,
  hasVectors,
  isIndexed,
  MAX_INDEXED_DIMENSIONS,
  type VectorSpace,
} from '../retrieval/vector-index.store.ts';
import type { IngestionDependencies } from './ingestion.types.ts';

export type IndexVectorsPayload = { tenant: Tenant; space: VectorSpace };
export const INDEX_VECTORS_JOB = { name: 'documents.index-vectors' } as const;

/** Vectors up to which comparing all of them is quick enough: 15 ms on a server. */
export const VECTORS_WITHOUT_INDEX = 20_000;

/** Asks for an index once a tenant has enough vectors. An embedded database keeps comparing: an index of that size takes
 * it minutes in which nothing else is done. */
export async function enqueueIndexing(
  trx: TenantTransaction,
  { database, queue, vectorsWithoutIndex = VECTORS_WITHOUT_INDEX }: IngestionDependencies,
  tenant: Tenant,
  space: VectorSpace,
): Promise<void> {
  if (database.kind !== 'server' || space.dimensions > MAX_INDEXED_DIMENSIONS) return;
  if (!(await hasVectors(trx, space, vectorsWithoutIndex)) || (await isIndexed(trx, space))) return;
  await enqueue(queue, trx, { tenant: { id: tenant.id, slug: tenant.slug }, space });
}

async function enqueue(queue: Queue, trx: TenantTransaction, payload: IndexVectorsPayload): Promise<void> {
  const singletonKey = `${payload.tenant.slug} ${payload.space.embedder} ${payload.space.dimensions}`;
  await queue.enqueue(trx, INDEX_VECTORS_JOB, payload, { singletonKey });
}

export async function indexVectors(
  { database }: Pick<IngestionDependencies, 'database'>,
  { tenant, space }: IndexVectorsPayload,
): Promise<void> {
  await inTenant(database, tenant, (trx) => buildVectorIndex(trx, space));
}
