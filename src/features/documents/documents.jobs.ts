import type { TenantTransaction } from '../../platform/database/database.ts';
import type { JobDefinition, Queue } from '../../platform/queue/queue.ts';
import type { Tenant } from '../tenancy/index.ts';
import { INDEX_VECTORS_JOB, type IndexVectorsPayload, indexVectors } from './ingestion/index-vectors.ts';
import { ingestDocument, MAX_TRIES } from './ingestion/ingest-document.ts';
import type { IngestionDependencies } from './ingestion/ingestion.types.ts';
import { PURGE_JOB, type PurgePayload, purgeDocuments } from './ingestion/purge-documents.ts';

export type IngestPayload = { tenant: Tenant; documentId: string };
const INGEST_JOB = { name: 'documents.ingest' } as const;

export async function enqueueIngestion(
  trx: TenantTransaction,
  queue: Queue,
  { id, slug }: Tenant,
  documentId: string,
): Promise<void> {
  const payload: IngestPayload = { tenant: { id, slug }, documentId };
  await queue.enqueue(trx, INGEST_JOB, payload, { singletonKey: documentId });
}

/** More than the tries of a document: the queue's last one, after tries that were killed, is what marks it as failed. */
const INGEST_RETRIES = MAX_TRIES + 3;
const INGEST_SECONDS = 3_600;
const PURGE_RETRIES = 20;
const PURGE_SECONDS = 3_600;
const INDEXING_RETRIES = 3;
const INDEXING_SECONDS = 3_600;

export function documentJobs(deps: IngestionDependencies, concurrency: number): readonly JobDefinition<never>[] {
  const ingest: JobDefinition<IngestPayload> = {
    ...INGEST_JOB,
    retryLimit: INGEST_RETRIES,
    expireInSeconds: INGEST_SECONDS,
    concurrency,
    handle: async ({ tenant, documentId }, { signal }) => {
      await ingestDocument(deps, tenant, documentId, { signal });
    },
  };
  const purge: JobDefinition<PurgePayload> = {
    ...PURGE_JOB,
    retryLimit: PURGE_RETRIES,
    expireInSeconds: PURGE_SECONDS,
    concurrency: 1,
    handle: ({ tenant }, { signal }) => purgeDocuments(deps, tenant, signal),
  };
  const indexing: JobDefinition<IndexVectorsPayload> = {
    ...INDEX_VECTORS_JOB,
    retryLimit: INDEXING_RETRIES,
    expireInSeconds: INDEXING_SECONDS,
    concurrency: 1,
    handle: (payload) => indexVectors(deps, payload),
  };
  return [ingest, purge, indexing];
}
