import { ModelError } from '../../../ai/chat-model.ts';
import type { TenantTransaction } from '../../../platform/database/database.ts';
import { ApiError } from '../../../platform/http/errors.ts';
import { inTenant as enterTenant, type Tenant } from '../../tenancy/index.ts';
import { faultOf, type IngestionFault } from '../documents.errors.ts';
import { findPart } from '../original.store.ts';
import { embedDocument } from './embed-document.ts';
import { enqueueIndexing } from './index-vectors.ts';
import {
  type ClaimedDocument,
  claimDocument,
  failDocument,
  finishDocument,
  releaseDocument,
  Superseded,
} from './ingestion.store.ts';
import type { IngestionDependencies, InTenant } from './ingestion.types.ts';
import { retireDocuments } from './purge-documents.ts';
import { prepareDocument, removeStored, storeDocument } from './store-document.ts';

/** How a try ended: `gone` when the document was deleted, is ready already, or belongs to another worker. */
export type IngestionOutcome = 'ready' | 'failed' | 'gone';

/** Tries of a document; a process that dies in the middle of each of them would otherwise do so for ever. */
export const MAX_TRIES = 5;

/** Progress when the text is extracted, and when it is stored but not yet embedded. */
const EXTRACTED = 0.1;
const STORED = 0.5;

export type IngestionOptions = {
  signal: AbortSignal;
  /** Whether a failure that may pass is the end: nobody would try again. */
  lastTry?: boolean;
};

/**
 * Extracts, cuts, indexes and embeds one document. It can be repeated at any point: a try removes what the one before
 * had stored, and what that one writes from then on is refused.
 * @throws whatever may pass (the embedder or the database is away, the process shuts down), for the queue to try again
 */
export async function ingestDocument(
  deps: IngestionDependencies,
  tenant: Tenant,
  documentId: string,
  options: IngestionOptions,
): Promise<IngestionOutcome> {
  const inTenant: InTenant = (work) => enterTenant(deps.database, tenant, work);
  const started = performance.now();
  const begun = await claim(inTenant, documentId);
  if (!begun) return 'gone';
  try {
    const outcome = await runTry(deps, tenant, inTenant, begun, options);
    deps.metrics.documents.inc({ status: outcome });
    deps.metrics.ingestion.observe((performance.now() - started) / 1000);
    return outcome;
  } catch (error) {
    if (error instanceof Superseded) return 'gone';
    throw error;
  }
}

async function runTry(
  deps: IngestionDependencies,
  tenant: Tenant,
  inTenant: InTenant,
  begun: Claim,
  { signal, lastTry = false }: IngestionOptions,
): Promise<'ready' | 'failed'> {
  const { claimed } = begun;
  const fail = async (fault: IngestionFault) => {
    await removeStored(inTenant, claimed);
    await inTenant((trx) => failDocument(trx, claimed, fault));
    return 'failed' as const;
  };
  if (claimed.tries > MAX_TRIES) return fail(faultOf('interrupted', INTERRUPTED));
  try {
    const fault = await ingest(deps, tenant, inTenant, begun, signal);
    return fault === null ? 'ready' : await fail(fault);
  } catch (error) {
    if (error instanceof Superseded) throw error;
    deps.log.warn({ err: error, tenant: tenant.slug, document_id: claimed.id }, 'an ingestion was cut off');
    const isLast = !signal.aborted && (lastTry || claimed.tries === MAX_TRIES || isHopeless(error));
    if (isLast) return fail(faultFor(error));
    await inTenant((trx) => releaseDocument(trx, claimed)).catch(() => undefined);
    throw error;
  }
}

/** One try from end to end. Null when the document is ready, else why it cannot be. */
async function ingest(
  deps: IngestionDependencies,
  tenant: Tenant,
  inTenant: InTenant,
  { claimed, bytes }: Claim,
  signal: AbortSignal,
): Promise<IngestionFault | null> {
  const { filename, content_type: declaredType } = claimed;
  const extracted = await deps.extract({ bytes, filename, declaredType }, signal);
  signal.throwIfAborted();
  if (!extracted.ok) return faultOf(extracted.failure, extracted.detail);
  const document = await prepareDocument(claimed, extracted.document, signal);
  const chunkCount = document.chunks.length;
  if (chunkCount === 0) return faultOf('empty', 'This file holds no text that could be searched.');
  const finish = async (trx: TenantTransaction) => {
    await finishDocument(trx, claimed, chunkCount);
    // The new version appears in searches, and the one that it replaces disappears, in the same moment.
    if (claimed.replaces !== null) await retireDocuments(trx, deps.queue, tenant, [claimed.replaces]);
  };
  const payer = { userId: claimed.created_by, apiKeyId: null };
  const serving = deps.servingEmbedder?.(tenant) ?? deps.embedder;
  const embedder = serving && deps.meter.embedder(serving, { ...payer, tenant, purpose: 'document' });
  if (!embedder) {
    await storeDocument(inTenant, claimed, document, { signal, from: EXTRACTED, to: 1, last: finish });
    return null;
  }
  await storeDocument(inTenant, claimed, document, { signal, from: EXTRACTED, to: STORED });
  const embedding = { title: document.title, chunkCount, embedder, signal, progress: STORED };
  const dimensions = await embedDocument(inTenant, claimed, embedding);
  await inTenant(async (trx) => {
    await finish(trx);
    if (dimensions !== null) await enqueueIndexing(trx, deps, tenant, { embedder: embedder.id, dimensions });
  });
  deps.onEmbedded?.(tenant);
  return null;
}

type Claim = { claimed: ClaimedDocument; bytes: Buffer };

/** The document and its original, of which the first part, mostly the only one, comes in the same transaction. */
async function claim(inTenant: InTenant, documentId: string): Promise<Claim | null> {
  const begun = await inTenant(async (trx) => {
    const claimed = await claimDocument(trx, documentId);
    return claimed && { claimed, first: await findPart(trx, documentId, 0) };
  });
  if (!begun?.first) return null;
  const parts = [begun.first];
  for (let size = begun.first.length; size < begun.claimed.size_bytes; ) {
    const part = await inTenant((trx) => findPart(trx, documentId, parts.length));
    if (!part) return null;
    parts.push(part);
    size += part.length;
  }
  return { claimed: begun.claimed, bytes: Buffer.concat(parts) };
}

const INTERRUPTED = `The ingestion of this document was cut off ${MAX_TRIES} times. Try it again, or split the file.`;

/** Refusals that are the same the next time. */
function isHopeless(error: unknown): boolean {
  return error instanceof ModelError && (error.kind === 'unauthorized' || error.kind === 'bad-request');
}

function faultFor(error: unknown): IngestionFault {
  if (error instanceof ApiError) return faultOf('embedding', error.message);
  if (error instanceof ModelError) {
    return faultOf('embedding', 'The embedding model did not answer. Try again once it does.');
  }
  return faultOf('internal', 'Something went wrong on our side. Try again, or give the document’s id to the operator.');
}
