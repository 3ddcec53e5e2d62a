import { payerOf, type RetrieveFor } from '../features/chat/index.ts';
import type { Documents } from '../features/documents/index.ts';

/** Lets the chat feature look into documents, in the words that each of the two has for it. */
export function retrieveWith(documents: Documents): RetrieveFor {
  return async (tenant, question, history, run, signal) => {
    const { mode, top_k, filter } = run.request.retrieval;
    if (mode === 'off') return { query: question, route: 'off', strategy: 'none', hits: [], passages: null };
    const found = await documents.retrieve({ tenant, signal, payer: payerOf(run) }, question, history, {
      ...(mode !== 'auto' && { mode }),
      ...(top_k !== null && { topK: top_k }),
      ...(filter && { filter }),
    });
    return {
      query: found.query,
      route: found.route,
      strategy: found.strategy,
      hits: found.hits,
      passages: found.passages,
    };
  };
}
