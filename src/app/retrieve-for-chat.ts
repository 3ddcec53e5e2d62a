import { payerOf, type Retrieved, type RetrieveFor } from '../features/chat/index.ts';
import type { Documents, RetrievedPassage } from '../features/documents/index.ts';
import type { Tenant } from '../features/tenancy/index.ts';
import { traced } from '../platform/telemetry/tracing.ts';

/** Lets the chat feature look into documents, in the words that each of the two has for it. */
export function retrieveWith(documents: Documents): RetrieveFor {
  return (tenant, { mode }) => {
    const corpus = mode === 'off' ? null : documents.readCorpus(tenant);
    // Whoever searches is told.
    corpus?.catch(() => undefined);
    return (...asked) =>
      traced('retrieval documents', 'internal', RETRIEVAL, () => retrieve(documents, { tenant, corpus }, ...asked));
  };
}

const RETRIEVAL = { 'gen_ai.operation.name': 'retrieval', 'gen_ai.provider.name': 'parley' };

async function retrieve(
  documents: Documents,
  { tenant, corpus }: { tenant: Tenant; corpus: ReturnType<Documents['readCorpus']> | null },
  ...[question, history, run, signal, attachmentIds]: Parameters<ReturnType<RetrieveFor>>
): Promise<Retrieved> {
  const attached = await documents.attachments.passages(tenant, run.session_id, attachmentIds, question);
  const { mode, top_k, filter } = run.request.retrieval;
  if (mode === 'off') {
    const nothing: Retrieved = { query: question, route: 'off', strategy: 'none', hits: [], passages: null };
    return attached.length === 0 ? nothing : withAttached(nothing, attached);
  }
  const { query, route, strategy, hits, passages } = await documents.retrieve(
    { tenant, signal, payer: payerOf(run), ...(corpus && { corpus }) },
    question,
    history,
    {
      ...(mode !== 'auto' && { mode }),
      ...(top_k !== null && { topK: top_k }),
      ...(filter && { filter }),
    },
  );
  const found: Retrieved = { query, route, strategy, hits, passages };
  return attached.length === 0 || route === 'greeting' ? found : withAttached(found, attached);
}

/** What the user attached comes first. A question about a whole means it, and not the beginnings of other documents. */
function withAttached(found: Retrieved, attached: readonly RetrievedPassage[]): Retrieved {
  const isAboutAttached = found.strategy === 'lead';
  const others = isAboutAttached ? [] : (found.passages ?? []);
  const hits = attached.map(({ chunkId, documentId, title }) => ({
    chunk_id: chunkId,
    document_id: documentId,
    title,
    score: 1,
  }));
  return {
    ...found,
    hits: [...hits, ...(isAboutAttached ? [] : found.hits)],
    passages: [...attached, ...others].map((passage, index) => ({ ...passage, number: index + 1 })),
  };
}
