import type { Principal } from '../identity/index.ts';
import { inTenant as enterTenant, noQuotas } from '../tenancy/index.ts';
import { beginDocument, type DocumentQuotas, documentQuotasOf, takeStorage } from './document-quotas.ts';
import { enqueueIngestion } from './documents.jobs.ts';
import { type DocumentRow, queueReceivedDocument, type ReceivedFile } from './documents.store.ts';
import type { IngestionDependencies, InTenant } from './ingestion/ingestion.types.ts';
import { retireDocuments } from './ingestion/purge-documents.ts';
import { receiveOriginal } from './receive-original.ts';

export type ReceivingDependencies = IngestionDependencies & {
  /** Largest file, bytes. */
  uploadLimit: number;
};

export type IncomingFile = {
  documentId: string;
  /** Null for text that came without a file. */
  filename: string | null;
  contentType: string;
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
};

/** What the sender says of the documents, known once all files are in. A title names a single one. */
export type About = { title?: string; metadata: Record<string, unknown> };

/** Files one after the other, and what the sender said of them. */
export type Upload = {
  files: AsyncIterable<IncomingFile> | Iterable<IncomingFile>;
  about(count: number): Promise<About>;
};

type Received = { file: IncomingFile; stored: ReceivedFile };

/**
 * Stores files as they come, then queues all of them in one transaction: either every document of a request exists, or
 * none of them does.
 * @throws ApiError ERR_DOCUMENT_006, ERR_DOCUMENT_012, ERR_TENANT_009 and whatever `about` or the stream throws
 */
export async function receiveDocuments(
  deps: ReceivingDependencies,
  principal: Principal,
  { files, about }: Upload,
): Promise<DocumentRow[]> {
  const inTenant: InTenant = (work) => enterTenant(deps.database, principal.tenant, work);
  const quotas = await documentQuotasOf(deps.quotaOf ?? noQuotas, principal.tenant);
  const begun: string[] = [];
  try {
    const received: Received[] = [];
    for await (const file of files) {
      begun.push(file.documentId);
      await inTenant((trx) => beginDocument(trx, quotas, receivingDocument(principal, file)));
      received.push({ file, stored: await receive(inTenant, file, deps.uploadLimit) });
    }
    return await queueAll(deps, principal, quotas, inTenant, received, await about(received.length));
  } catch (error) {
    await inTenant((trx) => retireDocuments(trx, deps.queue, principal.tenant, begun)).catch((cause: unknown) =>
      deps.log.warn({ err: cause }, 'an upload that was cut off will be removed later'),
    );
    throw error;
  }
}

function receivingDocument(principal: Principal, file: IncomingFile) {
  return {
    id: file.documentId,
    sourceId: null,
    path: null,
    title: file.filename ?? '',
    filename: file.filename,
    contentType: file.contentType,
    metadata: {},
    createdBy: principal.userId,
    replaces: null,
  };
}

function receive(inTenant: InTenant, file: IncomingFile, maxBytes: number): Promise<ReceivedFile> {
  const { documentId, filename } = file;
  return receiveOriginal(inTenant, file.bytes, { documentId, filename: filename ?? 'content', maxBytes });
}

function queueAll(
  deps: ReceivingDependencies,
  principal: Principal,
  quotas: DocumentQuotas,
  inTenant: InTenant,
  received: readonly Received[],
  about: About,
): Promise<DocumentRow[]> {
  return inTenant(async (trx) => {
    const bytes = received.reduce((sum, { stored }) => sum + stored.sizeBytes, 0);
    await takeStorage(trx, quotas.storage, bytes);
    const rows: DocumentRow[] = [];
    for (const { file, stored } of received) {
      const change = { title: about.title ?? file.filename ?? '', metadata: about.metadata };
      const row = await queueReceivedDocument(trx, file.documentId, stored, change);
      if (!row) throw new Error('A document that was being received is gone.');
      await enqueueIngestion(trx, deps.queue, principal.tenant, row.id);
      rows.push(row);
    }
    return rows;
  });
}
